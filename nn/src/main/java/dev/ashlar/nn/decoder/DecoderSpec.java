package dev.ashlar.nn.decoder;

import dev.ashlar.tensor.weights.WeightSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * A decoder as data: everything that distinguishes one family, or one size of it, from another.
 *
 * @param modelType the family's {@code model_type}
 * @param prefix what complete names begin with, which checkpoints of bare models leave out
 * @param vocab tokens
 * @param dim width of the hidden state
 * @param maxPositions longest sequence it was made for; {@link Integer#MAX_VALUE} if nothing bounds
 *     it
 * @param corrections keys of the configuration that ties and sizes of tensors contradict, with what
 *     is true; see {@link dev.ashlar.nn.architecture.Architectures#corrections} for all that a copy
 *     should say
 */
public record DecoderSpec(
    String modelType,
    String prefix,
    int vocab,
    int dim,
    int maxPositions,
    EmbeddingSpec embedding,
    List<BlockSpec> blocks,
    HeadSpec head,
    Map<String, Object> corrections) {
  private static final String WEIGHT = ".weight";

  public DecoderSpec {
    blocks = List.copyOf(blocks);
    corrections = Collections.unmodifiableMap(new LinkedHashMap<>(corrections));
  }

  /** A decoder as its configuration says. */
  public DecoderSpec(
      String modelType,
      String prefix,
      int vocab,
      int dim,
      int maxPositions,
      EmbeddingSpec embedding,
      List<BlockSpec> blocks,
      HeadSpec head) {
    this(modelType, prefix, vocab, dim, maxPositions, embedding, blocks, head, Map.of());
  }

  /**
   * The decoder that {@code source} holds: what is stored beats what the configuration says, in
   * ties, biases and the sizes of tables. The source is told of every difference.
   */
  public DecoderSpec asStored(WeightSource source) {
    return Evidence.weighed(this, source);
  }

  /** The same with more that a copy of the model should say. */
  public DecoderSpec withCorrections(Map<String, Object> more) {
    Map<String, Object> all = new LinkedHashMap<>(corrections);
    all.putAll(more);
    return new DecoderSpec(
        modelType, prefix, vocab, dim, maxPositions, embedding, blocks, head, all);
  }

  /**
   * The complete name as {@code source} spells it: checkpoints of bare models leave out the prefix,
   * and of a tied pair some hold only the head.
   *
   * @param name of a tensor, or of a packed module
   */
  public String storedName(String name, WeightSource source) {
    if (has(name, source)) {
      return name;
    }
    String bare = bareName(name);
    if (has(bare, source)) {
      return bare;
    }
    String matrix = head.output().name() + WEIGHT;
    boolean table = head.tied() && name.equals(embedding.name() + WEIGHT);
    return table && has(matrix, source) ? matrix : name;
  }

  /** The name without the prefix. */
  String bareName(String name) {
    return name.startsWith(prefix) ? name.substring(prefix.length()) : name;
  }

  private static boolean has(String name, WeightSource source) {
    return source.quantizedNames().contains(name) || source.find(name).isPresent();
  }

  /**
   * Complete names of all tensors that make up the decoder, those of a tied head among them, which
   * a checkpoint need not hold, and both ways in which stacked experts may lie.
   */
  public Set<String> tensors() {
    return TensorNames.of(this);
  }

  /**
   * The complete name of the first weight that {@code source} should have to make this decoder, and
   * has not; what cannot be loaded for want of it should not be copied either.
   */
  public Optional<String> missing(WeightSource source) {
    return Completeness.missing(this, source);
  }

  /** The tensors of {@code source} that are no part of the decoder, as the source spells them. */
  public Set<String> others(WeightSource source) {
    Set<String> others = new LinkedHashSet<>(source.names());
    tensors().forEach(name -> others.remove(storedName(name, source)));
    return others;
  }

  /** The same decoder with another head. */
  public DecoderSpec withHead(HeadSpec other) {
    return new DecoderSpec(
        modelType, prefix, vocab, dim, maxPositions, embedding, blocks, other, corrections);
  }

  /** The same decoder under other complete names. */
  public DecoderSpec renamed(UnaryOperator<String> name) {
    List<BlockSpec> renamed = new ArrayList<>();
    for (BlockSpec b : blocks) {
      renamed.add(
          new BlockSpec(name.apply(b.name()), b.attention(), b.feedForward(), b.residual()));
    }
    return new DecoderSpec(
        modelType,
        name.apply(prefix),
        vocab,
        dim,
        maxPositions,
        embedding.renamed(name),
        renamed,
        head.renamed(name),
        corrections);
  }
}

package dev.ashlar.nn.decoder;

import dev.ashlar.tensor.weights.WeightSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
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
 */
public record DecoderSpec(
    String modelType,
    String prefix,
    int vocab,
    int dim,
    int maxPositions,
    EmbeddingSpec embedding,
    List<BlockSpec> blocks,
    HeadSpec head) {
  public DecoderSpec {
    blocks = List.copyOf(blocks);
  }

  /**
   * The complete name as {@code source} spells it: checkpoints of bare models leave out the prefix.
   *
   * @param name of a tensor, or of a packed module
   */
  public String storedName(String name, WeightSource source) {
    return storedName(prefix, name, source);
  }

  static String storedName(String prefix, String name, WeightSource source) {
    if (name.startsWith(prefix) && !has(name, source)) {
      String bare = name.substring(prefix.length());
      if (has(bare, source)) {
        return bare;
      }
    }
    return name;
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

  /** The tensors of {@code source} that are no part of the decoder, as the source spells them. */
  public Set<String> others(WeightSource source) {
    Set<String> others = new LinkedHashSet<>(source.names());
    tensors().forEach(name -> others.remove(storedName(name, source)));
    return others;
  }

  /** The same decoder with another head. */
  public DecoderSpec withHead(HeadSpec other) {
    return new DecoderSpec(modelType, prefix, vocab, dim, maxPositions, embedding, blocks, other);
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
        head.renamed(name));
  }
}

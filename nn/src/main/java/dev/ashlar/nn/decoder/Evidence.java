package dev.ashlar.nn.decoder;

import dev.ashlar.tensor.weights.StoredTensor;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * What a configuration says of a decoder, held against the tensors that are stored: where these can
 * be asked, they are believed, and the source is told of it.
 *
 * <p>Tensors that nothing stands in for (a matrix, the weight of a norm) are not settled here: that
 * they are missing is for whoever loads them to say. A bias that the configuration promises and no
 * block has is none, as if it were zero; one that only some blocks lack is missing.
 */
final class Evidence {
  private static final String WEIGHT = ".weight";
  private static final String BIAS = ".bias";
  private static final String TIED = "tie_word_embeddings";
  private static final String POSITIONS = "max_position_embeddings";

  /** Tables of constants that older programs stored beside the weights. */
  private static final List<String> CONSTANTS =
      List.of(
          "inv_freq",
          "attn.bias",
          "attention.bias",
          "masked_bias",
          "cos_cached",
          "sin_cached",
          "k_scale",
          "v_scale",
          "q_scale",
          "input_scale",
          "output_scale");

  private final DecoderSpec declared;
  private final WeightSource source;
  private final Map<String, Object> corrections;
  private final Set<String> biased = new HashSet<>();

  private Evidence(DecoderSpec declared, WeightSource source) {
    this.declared = declared;
    this.source = source;
    this.corrections = new LinkedHashMap<>(declared.corrections());
    for (BlockSpec block : declared.blocks()) {
      String parent = block.name() + ".";
      block.linears().forEach(l -> noteBias(parent, l.name()));
      block.norms().forEach(n -> noteBias(parent, n.name()));
    }
  }

  private void noteBias(String parent, String name) {
    if (find(parent + name + BIAS).isPresent()) {
      biased.add(name);
    }
  }

  /** The decoder that is stored. */
  static DecoderSpec weighed(DecoderSpec declared, WeightSource source) {
    return new Evidence(declared, source).weighed();
  }

  private DecoderSpec weighed() {
    HeadSpec head = head();
    int vocab = vocab(head.tied());
    EmbeddingSpec embedding = embedding();
    int positions =
        embedding
            .learned()
            .filter(l -> !Optional.of(l).equals(declared.embedding().learned()))
            .map(l -> l.rows() - l.offset())
            .orElse(declared.maxPositions());
    List<BlockSpec> blocks = new ArrayList<>();
    for (BlockSpec block : declared.blocks()) {
      String parent = block.name() + ".";
      blocks.add(block.mapLinears(l -> linear(parent, l)).mapNorms(n -> norm(parent, n)));
    }
    LinearSpec output = linear("", head.output()).withOut(vocab);
    DecoderSpec stored =
        new DecoderSpec(
            declared.modelType(),
            declared.prefix(),
            vocab,
            declared.dim(),
            positions,
            embedding,
            blocks,
            new HeadSpec(
                head.norm().map(n -> norm("", n)),
                head.projection().map(p -> linear("", p)),
                output,
                head.tied(),
                head.scale(),
                head.softcap()),
            corrections);
    noteUnused(stored);
    return stored;
  }

  /** A head that differs from the embedding is one of its own, whatever the configuration says. */
  private HeadSpec head() {
    HeadSpec head = declared.head();
    String module = head.output().name();
    String tableName = declared.embedding().name() + WEIGHT;
    if (!head.tied()) {
      return head;
    }
    Optional<StoredTensor> own = source.find(module + WEIGHT);
    Optional<StoredTensor> table = find(tableName);
    boolean differs = own.isPresent() && table.isPresent() && !own.get().sameAs(table.get());
    if (!differs && !source.quantizedNames().contains(module)) {
      return head;
    }
    corrections.put(TIED, false);
    source.note(
        TIED,
        "the configuration ties the head to the embedding, but "
            + module
            + " is stored and differs from "
            + tableName
            + "; the stored head is used");
    return head.withTied(false);
  }

  /**
   * As many tokens as the embedding has rows, if those are all that the configuration knows; with
   * fewer it is not the embedding of this model, which loading it then says.
   */
  private int vocab(boolean tied) {
    EmbeddingSpec embedding = declared.embedding();
    Optional<StoredTensor> table = find(embedding.name() + WEIGHT);
    if (table.isEmpty() && tied) {
      table = source.find(declared.head().output().name() + WEIGHT);
    }
    int rows = rows(table, embedding.dim(), declared.vocab());
    if (rows < declared.vocab()) {
      return declared.vocab();
    }
    if (rows > declared.vocab()) {
      correct("vocab_size", declared.vocab(), rows, table.orElseThrow().name());
    }
    return rows;
  }

  /** With as many learned positions as are stored. */
  private EmbeddingSpec embedding() {
    EmbeddingSpec e = declared.embedding();
    return new EmbeddingSpec(
        e.name(),
        e.dim(),
        e.scale(),
        e.learned().map(this::learned),
        e.projection().map(p -> linear("", p)),
        e.norm().map(n -> norm("", n)));
  }

  private EmbeddingSpec.Learned learned(EmbeddingSpec.Learned l) {
    int rows = rows(find(l.name() + WEIGHT), declared.dim(), l.rows());
    if (rows != l.rows() && rows > l.offset()) {
      String key = source.config().containsKey("n_positions") ? "n_positions" : POSITIONS;
      correct(key, l.rows() - l.offset(), rows - l.offset(), l.name() + WEIGHT);
      return new EmbeddingSpec.Learned(l.name(), rows, l.offset());
    }
    return l;
  }

  /** The rows of a table that is stored in the expected width; else {@code otherwise}. */
  private static int rows(Optional<StoredTensor> table, int width, int otherwise) {
    return table
        .map(StoredTensor::shape)
        .filter(s -> s.rank() == 2 && s.dim(1) == width && s.dim(0) > 0 && s.dim(0) < 1 << 30)
        .map(s -> (int) s.dim(0))
        .orElse(otherwise);
  }

  private void correct(String key, Object said, Object stored, String tensor) {
    corrections.put(key, stored);
    source.note(
        key,
        key
            + " is "
            + said
            + " in the configuration, but "
            + tensor
            + " says "
            + stored
            + "; the tensor is believed");
  }

  private LinearSpec linear(String parent, LinearSpec l) {
    String name = parent + l.name();
    if (l.stack().isPresent()) {
      return l;
    }
    boolean weight =
        source.quantizedNames().contains(declared.storedName(name, source))
            || find(name + WEIGHT).isPresent();
    boolean bias = hasBias(name, l.name(), weight, l.bias());
    return bias == l.bias() ? l : l.withBias(bias);
  }

  private NormSpec norm(String parent, NormSpec norm) {
    if (!(norm instanceof NormSpec.Layer l)) {
      return norm;
    }
    String name = parent + l.name();
    boolean stored = find(name + WEIGHT).isPresent();
    boolean weight = l.weight() || stored;
    boolean bias = hasBias(name, l.name(), stored, l.bias());
    return weight == l.weight() && bias == l.bias()
        ? l
        : new NormSpec.Layer(l.name(), l.dim(), l.eps(), weight, bias, l.offset());
  }

  /**
   * Whether a module has a bias.
   *
   * @param inBlock its name in every block
   * @param weight whether its weight is stored, so that it can be told what is missing
   */
  private boolean hasBias(String name, String inBlock, boolean weight, boolean said) {
    Optional<StoredTensor> stored = find(name + BIAS);
    if (stored.isPresent()) {
      // Some exports have a bias of zeros for every layer; adding it would cost and change nothing.
      boolean used = said || !isZero(stored.get());
      if (used != said) {
        source.note(
            "bias stored",
            name
                + BIAS
                + " is stored, though the configuration speaks of no such bias; it is used");
      }
      return used;
    }
    if (!said || !weight || biased.contains(inBlock)) {
      return said;
    }
    source.note(
        "bias missing",
        "the configuration speaks of biases, but none is stored for " + name + "; it has none");
    return false;
  }

  private static boolean isZero(StoredTensor t) {
    for (float f : t.toTensor().data()) {
      if (f != 0) {
        return false;
      }
    }
    return true;
  }

  /** What lies inside blocks and has no place in the decoder would be missed by it. */
  private void noteUnused(DecoderSpec stored) {
    Set<String> parents = new HashSet<>();
    for (BlockSpec block : stored.blocks()) {
      parents.add(block.name());
      parents.add(stored.bareName(block.name()));
    }
    Set<String> others = stored.others(source);
    List<String> unused =
        others.stream()
            .filter(name -> isInside(name, parents))
            .filter(isConstant().negate())
            .toList();
    if (!unused.isEmpty()) {
      source.note(
          "unused",
          "the family "
              + stored.modelType()
              + " has no place for "
              + andMore(unused)
              + "; what they do is left out");
    }
    Set<String> series = new HashSet<>();
    parents.forEach(p -> series.add(p.substring(0, p.lastIndexOf('.') + 1)));
    List<String> beyond = others.stream().filter(name -> isNumbered(name, series)).toList();
    if (!beyond.isEmpty()) {
      int count = stored.blocks().size();
      source.note(
          "blocks beyond",
          "the configuration knows of "
              + count
              + (count == 1 ? " block" : " blocks")
              + ", and behind them are stored "
              + andMore(beyond)
              + "; what they do is left out");
    }
  }

  private static String andMore(List<String> names) {
    int more = names.size() - 1;
    return names.getFirst() + (more > 0 ? " and " + more + " more tensors" : "");
  }

  /** Whether a tensor belongs to a block that the decoder does not have. */
  private boolean isNumbered(String name, Set<String> series) {
    for (String start : series) {
      int dot = name.indexOf('.', start.length());
      if (name.startsWith(start) && dot > start.length()) {
        String number = name.substring(start.length(), dot);
        boolean digits = number.chars().allMatch(c -> c >= '0' && c <= '9');
        if (digits && declared.blocks().stream().noneMatch(b -> b.name().endsWith("." + number))) {
          return true;
        }
      }
    }
    return false;
  }

  private static boolean isInside(String name, Set<String> parents) {
    for (int dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
      if (parents.contains(name.substring(0, dot))) {
        return true;
      }
    }
    return false;
  }

  private Predicate<String> isConstant() {
    return name ->
        CONSTANTS.stream().anyMatch(name::endsWith)
            || name.endsWith(BIAS) && isZero(source.tensor(name));
  }

  private Optional<StoredTensor> find(String name) {
    return source.find(declared.storedName(name, source));
  }
}

package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.AttentionSpec;
import dev.ashlar.nn.decoder.AttentionSpec.ProjectionSpec;
import dev.ashlar.nn.decoder.BlockSpec;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.weights.StoredTensor;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Sizes that a configuration has wrong or leaves to a default that does not fit, as the matrices of
 * the first block show them. They are believed only where one story fits all of the block.
 */
final class StoredSizes {
  private static final String HEADS = "num_attention_heads";
  private static final String KV_HEADS = "num_key_value_heads";
  private static final String HEAD_DIM = "head_dim";
  private static final List<String> HIDDEN =
      List.of("intermediate_size", "n_inner", "ffn_dim", "ffn_hidden_size");
  private static final List<String> TABLES =
      List.of("embed_tokens", "wte", "word_embeddings", "embed_in");

  private final DecoderSpec spec;
  private final BlockSpec block;
  private final Map<String, Object> config;
  private final WeightSource source;
  private final Map<String, Object> sizes = new LinkedHashMap<>();

  private StoredSizes(DecoderSpec spec, Map<String, Object> config, WeightSource source) {
    this.spec = spec;
    this.block = spec.blocks().getFirst();
    this.config = config;
    this.source = source;
  }

  /**
   * What a configuration describes with the sizes that are stored.
   *
   * @param family describes a configuration, in the names of the source
   */
  static DecoderSpec spec(
      Function<Map<String, Object>, DecoderSpec> family,
      Map<String, Object> config,
      WeightSource source) {
    DecoderSpec declared = family.apply(config);
    StoredSizes stored = new StoredSizes(declared, config, source);
    if (stored.fits(declared)) {
      return declared;
    }
    stored.heads(declared.blocks().getFirst().attention());
    stored.hidden(declared.blocks().getFirst().feedForward());
    if (stored.sizes.isEmpty()) {
      return declared;
    }
    Map<String, Object> changed = new HashMap<>(config);
    changed.putAll(stored.sizes);
    DecoderSpec other = family.apply(changed);
    if (!stored.fits(other)) {
      return declared;
    }
    stored.sizes.keySet().retainAll(stored.stated());
    source.note(
        "sizes",
        "the matrices of "
            + declared.blocks().getFirst().name()
            + " have other sizes than the configuration says; the matrices are believed"
            + (stored.sizes.isEmpty() ? "" : " " + stored.sizes));
    return other.withCorrections(stored.sizes);
  }

  /** Keys that a copy should correct: those of heads, and the one that the feed-forward goes by. */
  private List<String> stated() {
    return Stream.concat(
            Stream.of(HEADS, KV_HEADS, HEAD_DIM), HIDDEN.stream().filter(config::containsKey))
        .toList();
  }

  /**
   * The rows of the only embedding, for configurations that do not say how many tokens there are.
   */
  static OptionalInt vocab(WeightSource source) {
    List<Shape> tables =
        source.names().stream()
            .filter(
                n ->
                    TABLES.stream()
                        .anyMatch(t -> n.equals(t + ".weight") || n.endsWith("." + t + ".weight")))
            .map(n -> source.tensor(n).shape())
            .filter(s -> s.rank() == 2 && s.dim(0) > 0 && s.dim(0) < 1 << 30)
            .toList();
    return tables.size() == 1
        ? OptionalInt.of((int) tables.getFirst().dim(0))
        : OptionalInt.empty();
  }

  /** Whether all matrices of the first block that are stored as such have the described shapes. */
  private boolean fits(DecoderSpec described) {
    return described.blocks().getFirst().linears().stream()
        .allMatch(l -> shape(l).map(s -> s.dim(0) == l.out() && s.dim(1) == l.in()).orElse(true));
  }

  /** Number and size of heads, two of the three believed where the third explains all. */
  private void heads(AttentionSpec a) {
    Optional<Shape> output = shape(a.output());
    OptionalInt keys = keyRows(a, output);
    if (output.isEmpty() || keys.isEmpty() || a.valueDim() != a.headDim()) {
      return;
    }
    int queries = (int) output.get().dim(1);
    boolean queriesFit = queries == a.heads() * a.headDim();
    boolean keysFit = keys.getAsInt() == a.kvHeads() * a.headDim();
    int size = queries % a.heads() == 0 ? queries / a.heads() : 0;
    if (!queriesFit && !keysFit && size > 0 && keys.getAsInt() == a.kvHeads() * size) {
      sizes.put(HEAD_DIM, size);
    } else if (!queriesFit && !keysFit && size > 0 && !config.containsKey(KV_HEADS)) {
      sizes.put(HEAD_DIM, size);
      sizes.put(KV_HEADS, keys.getAsInt() / size);
    } else if (queriesFit && !keysFit && keys.getAsInt() >= a.headDim()) {
      sizes.put(KV_HEADS, keys.getAsInt() / a.headDim());
    } else if (keysFit && !queriesFit && queries >= a.headDim()) {
      sizes.put(HEAD_DIM, a.headDim());
      sizes.put(HEADS, queries / a.headDim());
    }
    int heads = size(HEADS, a.heads());
    int kvHeads = size(KV_HEADS, a.kvHeads());
    if (kvHeads < 1 || heads % kvHeads != 0) {
      sizes.clear();
    }
  }

  private int size(String key, int otherwise) {
    return sizes.get(key) instanceof Integer n ? n : otherwise;
  }

  private OptionalInt keyRows(AttentionSpec a, Optional<Shape> output) {
    return switch (a.projection()) {
      case ProjectionSpec.Separate s -> rows(s.key());
      case ProjectionSpec.Fused f ->
          output.isEmpty() || rows(f.map()).isEmpty()
              ? OptionalInt.empty()
              : OptionalInt.of((rows(f.map()).getAsInt() - (int) output.get().dim(1)) / 2);
      case ProjectionSpec.Latent l -> OptionalInt.empty();
    };
  }

  private void hidden(FeedForwardSpec feedForward) {
    LinearSpec down =
        switch (feedForward) {
          case FeedForwardSpec.Gated g -> g.down();
          case FeedForwardSpec.FusedGated g -> g.down();
          case FeedForwardSpec.Plain p -> p.down();
          case FeedForwardSpec.Clamped c -> c.down();
          case FeedForwardSpec.Experts e -> null;
        };
    Optional<Shape> stored = down == null ? Optional.empty() : shape(down);
    if (stored.isPresent() && stored.get().dim(1) != down.in()) {
      // Families read one of these and know nothing of the others.
      HIDDEN.forEach(key -> sizes.put(key, (int) stored.get().dim(1)));
    }
  }

  private OptionalInt rows(LinearSpec l) {
    Optional<Shape> shape = shape(l);
    return shape.isPresent() ? OptionalInt.of((int) shape.get().dim(0)) : OptionalInt.empty();
  }

  /** {@code [out, in]} of a map of the first block that is stored as a matrix of its own. */
  private Optional<Shape> shape(LinearSpec l) {
    if (l.stack().isPresent()) {
      return Optional.empty();
    }
    String name = block.name() + "." + l.name();
    // Codes never lie turned.
    return source
        .find(spec.storedName(name + ".weight", source))
        .map(StoredTensor::shape)
        .filter(s -> s.rank() == 2 && s.dim(0) < 1 << 30 && s.dim(1) < 1 << 30)
        .map(s -> l.transposed() ? Shape.of(s.dim(1), s.dim(0)) : s)
        .or(() -> source.quantizedShape(spec.storedName(name, source)));
  }
}

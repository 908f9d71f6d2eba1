package dev.ashlar.nn.decoder;

import dev.ashlar.tensor.weights.WeightSource;
import java.util.Optional;

/**
 * Whether a checkpoint has every weight that a decoder is made of. What {@link Evidence} settles
 * (ties, biases) is not asked for.
 */
final class Completeness {
  private static final String WEIGHT = ".weight";

  private final DecoderSpec spec;
  private final WeightSource source;
  private String missing;

  private Completeness(DecoderSpec spec, WeightSource source) {
    this.spec = spec;
    this.source = source;
  }

  /** The complete name of the first weight that is not stored. */
  static Optional<String> missing(DecoderSpec spec, WeightSource source) {
    Completeness all = new Completeness(spec, source);
    all.embedding(spec.embedding());
    spec.blocks().forEach(all::block);
    all.head(spec.head());
    return Optional.ofNullable(all.missing);
  }

  private void embedding(EmbeddingSpec e) {
    need(e.name() + WEIGHT);
    e.learned().ifPresent(l -> need(l.name() + WEIGHT));
    e.projection().ifPresent(p -> linear("", p));
    e.norm().ifPresent(n -> norm("", n));
  }

  private void block(BlockSpec b) {
    String parent = b.name() + ".";
    b.linears().forEach(l -> linear(parent, l));
    b.norms().forEach(n -> norm(parent, n));
  }

  private void head(HeadSpec h) {
    h.norm().ifPresent(n -> norm("", n));
    h.projection().ifPresent(p -> linear("", p));
    if (!h.tied()) {
      linear("", h.output());
    }
  }

  /** A map may lie by itself, packed or not, or in a stack. */
  private void linear(String parent, LinearSpec l) {
    boolean stacked = l.stack().filter(s -> isStored(parent + s.weight())).isPresent();
    if (!stacked && !isPacked(parent + l.name())) {
      need(parent + l.name() + WEIGHT);
    }
  }

  private void norm(String parent, NormSpec norm) {
    for (String name : TensorNames.tensors(parent + norm.name(), norm)) {
      if (name.endsWith(WEIGHT)) {
        need(name);
      }
    }
  }

  private void need(String name) {
    String module = name.substring(0, name.length() - WEIGHT.length());
    if (missing == null && !isStored(name) && !isPacked(module)) {
      missing = name;
    }
  }

  private boolean isStored(String name) {
    return source.find(spec.storedName(name, source)).isPresent();
  }

  private boolean isPacked(String module) {
    return source.quantizedNames().contains(spec.storedName(module, source));
  }
}

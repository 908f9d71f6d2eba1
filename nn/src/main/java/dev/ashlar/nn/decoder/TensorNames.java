package dev.ashlar.nn.decoder;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Collects the names of all tensors that a {@link DecoderSpec} speaks of. */
final class TensorNames {
  private static final String WEIGHT = ".weight";
  private static final String BIAS = ".bias";

  private final Set<String> names = new LinkedHashSet<>();

  private TensorNames() {}

  static Set<String> of(DecoderSpec spec) {
    TensorNames all = new TensorNames();
    all.embedding(spec.embedding());
    spec.blocks().forEach(all::block);
    all.head(spec.head());
    return all.names;
  }

  private void embedding(EmbeddingSpec e) {
    names.add(e.name() + WEIGHT);
    e.learned().ifPresent(l -> names.add(l.name() + WEIGHT));
    e.projection().ifPresent(p -> linear("", p));
    norm("", e.norm());
  }

  private void block(BlockSpec b) {
    String parent = b.name() + ".";
    b.linears().forEach(l -> linear(parent, l));
    b.norms().forEach(n -> norm(parent, Optional.of(n)));
    b.attention().sinks().ifPresent(s -> names.add(parent + s));
    if (b.feedForward() instanceof FeedForwardSpec.Experts e
        && e.router() instanceof FeedForwardSpec.RouterSpec.Scores s) {
      s.correction().ifPresent(c -> names.add(parent + c));
    }
  }

  private void head(HeadSpec h) {
    norm("", h.norm());
    h.projection().ifPresent(p -> linear("", p));
    linear("", h.output());
  }

  /** A map that belongs in a stack may lie by itself all the same: both names are its own. */
  private void linear(String parent, LinearSpec l) {
    names.add(parent + l.name() + WEIGHT);
    l.stack().ifPresent(s -> names.add(parent + s.weight()));
    if (l.bias()) {
      names.add(parent + l.name() + BIAS);
      l.stack().map(LinearSpec.Stack::bias).ifPresent(bias -> names.add(parent + bias));
    }
  }

  private void norm(String parent, Optional<NormSpec> norm) {
    norm.ifPresent(n -> names.addAll(tensors(parent + n.name(), n)));
  }

  /** Complete names of a norm's tensors. */
  static List<String> tensors(String name, NormSpec norm) {
    return switch (norm) {
      case NormSpec.Rms r -> List.of(name + WEIGHT);
      case NormSpec.Layer l ->
          l.weight() && l.bias()
              ? List.of(name + WEIGHT, name + BIAS)
              : l.weight() ? List.of(name + WEIGHT) : l.bias() ? List.of(name + BIAS) : List.of();
      case NormSpec.PerHead p -> {
        if (!p.listed()) {
          yield List.of(name + WEIGHT);
        }
        Set<String> heads = new LinkedHashSet<>();
        for (int h = 0; h < p.heads(); h++) {
          heads.add(name + "." + h + WEIGHT);
        }
        yield List.copyOf(heads);
      }
    };
  }
}

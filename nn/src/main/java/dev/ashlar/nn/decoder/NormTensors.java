package dev.ashlar.nn.decoder;

import dev.ashlar.nn.layer.Norm;
import dev.ashlar.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** What a norm's tensors are called and how large they are. */
final class NormTensors {
  private NormTensors() {}

  /** Checks that they are there in their shape. */
  static void check(Weights weights, String name, NormSpec spec) {
    switch (spec) {
      case NormSpec.Rms r -> weights.stored(name + ".weight", r.dim());
      case NormSpec.Layer l -> {
        if (l.weight()) {
          weights.stored(name + ".weight", l.dim());
        }
        if (l.bias()) {
          weights.stored(name + ".bias", l.dim());
        }
      }
      case NormSpec.PerHead p -> {
        for (int h = 0; p.listed() && h < p.heads(); h++) {
          weights.stored(name + "." + h + ".weight", p.dim());
        }
        if (!p.listed()) {
          weights.stored(name + ".weight", p.heads(), p.dim());
        }
      }
    }
  }

  /** The norm of that complete name. */
  static Norm load(Weights weights, String name, NormSpec spec) {
    return switch (spec) {
      case NormSpec.Rms r ->
          new Norm.Rms(r.name(), weights.tensor(name + ".weight", r.dim()), r.eps(), r.offset());
      case NormSpec.Layer l ->
          new Norm.Layer(
              l.name(),
              l.weight() ? weights.tensor(name + ".weight", l.dim()) : null,
              l.bias() ? weights.tensor(name + ".bias", l.dim()) : null,
              l.dim(),
              l.eps(),
              l.offset());
      case NormSpec.PerHead p -> perHead(weights, name, p);
    };
  }

  private static Norm perHead(Weights weights, String name, NormSpec.PerHead p) {
    if (!p.listed()) {
      Tensor all = weights.tensor(name + ".weight", p.heads(), p.dim());
      return new Norm.PerHead(p.name(), all, p.dim(), p.eps());
    }
    List<Tensor> each = new ArrayList<>();
    for (int h = 0; h < p.heads(); h++) {
      each.add(weights.tensor(name + "." + h + ".weight", p.dim()));
    }
    return new Norm.Listed(p.name(), each, p.dim(), p.eps());
  }
}

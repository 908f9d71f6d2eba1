package dev.ashlar.tuning.awq;

import dev.ashlar.nn.decoder.Folding;
import dev.ashlar.nn.decoder.Folding.Source;
import dev.ashlar.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/** Tensors of a unit that have taken factors: the unit computes what it did. */
final class FoldedFactors {
  private static final String WEIGHT = ".weight";
  private static final String BIAS = ".bias";

  private final Map<String, Tensor> present;
  private final Map<String, Tensor> changed = new LinkedHashMap<>();

  /**
   * @param present all tensors by complete name, not changed
   */
  FoldedFactors(Map<String, Tensor> present) {
    this.present = present;
  }

  /** What is not as it was, by complete tensor name. */
  Map<String, Tensor> changed() {
    return changed;
  }

  /** Whether all that has to take an input's factors is there, and dense. */
  boolean takes(Folding f) {
    boolean takers =
        f.layers().stream().allMatch(n -> present.containsKey(n + WEIGHT))
            && f.routers().stream().allMatch(n -> present.containsKey(n + WEIGHT));
    return takers
        && switch (f.source()) {
          case Source.Fixed x -> false;
          case Source.OfNorm n -> present.containsKey(n.name() + WEIGHT);
          case Source.OfRows r -> present.containsKey(r.name() + WEIGHT);
        };
  }

  /** Channels that come from one row get the geometric mean of their factors, in place. */
  static void share(Source source, float[] t) {
    if (!(source instanceof Source.OfRows r) || r.repeat() == 1) {
      return;
    }
    int span = r.dim() * r.repeat();
    for (int head = 0; head < t.length; head += span) {
      for (int d = 0; d < r.dim(); d++) {
        double sum = 0;
        for (int copy = 0; copy < r.repeat(); copy++) {
          sum += Math.log(t[head + copy * r.dim() + d]);
        }
        float mean = (float) Math.exp(sum / r.repeat());
        for (int copy = 0; copy < r.repeat(); copy++) {
          t[head + copy * r.dim() + d] = mean;
        }
      }
    }
  }

  /**
   * Multiplies the columns of all maps that read the input, and divides what puts it out.
   *
   * @param t a factor for each channel; {@linkplain #share shared} where the source asks for it
   */
  void fold(Folding f, float[] t) {
    f.layers().forEach(n -> columns(n + WEIGHT, t));
    f.routers().forEach(n -> columns(n + WEIGHT, t));
    switch (f.source()) {
      case Source.Fixed x -> throw new IllegalStateException("nothing takes factors");
      case Source.OfNorm n -> norm(n, t);
      case Source.OfRows r -> rows(r, t);
    }
  }

  private void columns(String name, float[] t) {
    Tensor w = own(name);
    for (int i = 0; i < w.size(); i++) {
      w.data()[i] *= t[i % t.length];
    }
  }

  private void norm(Source.OfNorm n, float[] t) {
    Tensor w = own(n.name() + WEIGHT);
    for (int k = 0; k < t.length; k++) {
      w.data()[k] = (w.data()[k] + n.offset()) / t[k] - n.offset();
    }
    if (present.containsKey(n.name() + BIAS)) {
      Tensor b = own(n.name() + BIAS);
      for (int k = 0; k < t.length; k++) {
        b.data()[k] /= t[k];
      }
    }
  }

  private void rows(Source.OfRows r, float[] t) {
    Tensor w = own(r.name() + WEIGHT);
    Tensor b = present.containsKey(r.name() + BIAS) ? own(r.name() + BIAS) : null;
    int in = w.dim(1);
    boolean[] done = new boolean[w.dim(0)];
    for (int c = 0; c < t.length; c++) {
      int row = r.row(c);
      if (done[row]) {
        continue; // A channel of another head that comes from the same row has the same factor.
      }
      done[row] = true;
      for (int k = 0; k < in; k++) {
        w.data()[row * in + k] /= t[c];
      }
      if (b != null) {
        b.data()[row] /= t[c];
      }
    }
  }

  /** A copy of a tensor, to be changed. */
  private Tensor own(String name) {
    return changed.computeIfAbsent(name, n -> present.get(n).copy());
  }
}

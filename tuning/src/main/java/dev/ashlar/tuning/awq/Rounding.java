package dev.ashlar.tuning.awq;

import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.layerwise.OptRtn;
import dev.ashlar.tuning.layerwise.RoundToNearest;
import dev.ashlar.tuning.method.LinearLayer;
import java.util.function.Function;

/**
 * How weights are rounded in the end: to the nearest code, of the range as it is or on scales that
 * {@link OptRtn} searches. Where that leaves a search out, at 8 bits and for routed experts, it is
 * left out here.
 *
 * @param searches whether scales are searched
 * @param importance of the inputs of a layer as they are without factors, {@code [in]}, the
 *     caller's to change
 */
record Rounding(boolean searches, Function<String, float[]> importance) {
  /**
   * Codes of a layer whose weights have their factors.
   *
   * @param t the factors, {@code [in]}
   */
  QuantizedMatrix codes(LinearLayer layer, float[] t) {
    if (!searches(layer)) {
      return RoundToNearest.quantize(layer);
    }
    float[] own = importance.apply(layer.name());
    for (int k = 0; k < own.length; k++) {
      own[k] /= t[k] * t[k];
    }
    return OptRtn.quantize(layer, own);
  }

  private boolean searches(LinearLayer layer) {
    return searches && OptRtn.gains(layer.grid()) && !LinearSpec.isExpert(layer.name());
  }

  /** What rounding {@code w·t} makes of the layer's {@code w}. */
  Tensor of(LinearLayer layer, float[] t) {
    if (!searches(layer)) {
      return Nearest.of(layer.weight(), t, layer.grid(), layer.backend());
    }
    Tensor scaled = layer.weight().copy();
    for (int i = 0; i < scaled.size(); i++) {
      scaled.data()[i] *= t[i % layer.in()];
    }
    return without(layer.withWeight(scaled), t);
  }

  /** What rounding makes of weights that have their factors, these being taken out again. */
  Tensor without(LinearLayer scaled, float[] t) {
    Tensor rounded =
        searches(scaled)
            ? codes(scaled, t).dequantize()
            : Nearest.of(
                scaled.weight(), Nearest.ones(scaled.in()), scaled.grid(), scaled.backend());
    for (int i = 0; i < rounded.size(); i++) {
      rounded.data()[i] /= t[i % scaled.in()];
    }
    return rounded;
  }
}

package dev.ashlar.tuning.signround;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tuning.layerwise.ScaleSearch;
import dev.ashlar.tuning.method.LinearLayer;

/** Searched scales as the ranges that SignRound multiplies. */
final class SearchedRanges {
  private SearchedRanges() {}

  /**
   * Fills the ranges whose scales, without multipliers, are the searched ones. A symmetric range
   * has one end only, that of its scale's sign, so that one multiplier is the scale's and the other
   * has no effect.
   *
   * @param importance of each input, {@code [in]}
   * @param wMin receives {@code [out, groups]}
   * @param wMax receives {@code [out, groups]}
   */
  static void find(LinearLayer layer, float[] importance, float[] wMin, float[] wMax) {
    IntegerGrid grid = layer.grid();
    Tensor w = layer.weight();
    if (grid.symmetric()) {
      float[] scales = ScaleSearch.symmetric(w, grid, importance, layer.backend());
      for (int at = 0; at < scales.length; at++) {
        wMin[at] = -Math.max(scales[at], 0f) * grid.middle();
        wMax[at] = Math.max(-scales[at], 0f) * grid.middle();
      }
      return;
    }
    Groups.ZeroPoints found = ScaleSearch.asymmetric(w, grid, importance, layer.backend());
    for (int at = 0; at < wMin.length; at++) {
      int zero = found.zeros()[at] & 0xFF;
      wMin[at] = -found.scales()[at] * zero;
      wMax[at] = found.scales()[at] * (grid.maxCode() - zero);
    }
  }
}

package dev.ashlar.tuning.layerwise;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.BlockScales;
import dev.ashlar.tensor.kernel.FloatFakeQuantKernel;
import dev.ashlar.tensor.quant.Codes;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.method.LinearLayer;
import java.util.Optional;

/**
 * Rounding to small floats: the largest magnitude of a block decides its scale ({@link
 * BlockScales}), every weight goes to the nearest element.
 */
public final class FloatRounding {
  private static final int GRAIN = 1 << 12;

  private FloatRounding() {}

  /** Why weights cannot be rounded so, as the rest of a sentence, or empty if they can. */
  public static Optional<String> refusal(FloatGrid grid) {
    return switch (grid.scale()) {
      case E8M0, F32 -> Optional.empty();
      case E4M3 ->
          grid.blockSize() > 0
              ? Optional.empty()
              : Optional.of("knows FP8 scales of blocks only, not of rows");
      case F16, BF16 ->
          Optional.of("knows small floats with scales in float32, FP8 or powers of two only");
    };
  }

  /** The nearest codes of a layer whose scheme is a {@link FloatGrid}. */
  public static QuantizedMatrix quantize(LinearLayer layer) {
    FloatGrid grid = (FloatGrid) layer.scheme();
    float[] w = layer.weight().data();
    BlockScales blocks = new BlockScales(grid, layer.out(), layer.in(), w, layer.range());
    return quantize(layer.weight(), grid, blocks, layer.backend());
  }

  /** The nearest codes by scales without multipliers. */
  static QuantizedMatrix quantize(Tensor w, FloatGrid grid, BlockScales blocks, Backend backend) {
    int out = w.dim(0);
    int in = w.dim(1);
    float[] scales = blocks.plain();
    byte[] codes = new byte[w.size()];
    FloatFakeQuantKernel kernel = backend.floatFakeQuant();
    FloatFakeQuantKernel.Parameters p =
        new FloatFakeQuantKernel.Parameters(grid, out, in, w.data(), null, true);
    Parallel.rows(
        out,
        Math.max(1, GRAIN / in),
        (from, to) -> kernel.forward(p, from, to, scales, null, codes));
    Groups groups = new Groups.Scales(grid, scales, blocks.global());
    return new QuantizedMatrix(out, in, Codes.Table.of(grid.element(), codes), groups);
  }
}

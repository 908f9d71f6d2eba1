package dev.ashlar.tuning.layerwise;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.FakeQuantKernel;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.LinearLayer;
import dev.ashlar.tuning.method.LinearQuantizer;
import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.method.Scales;

/**
 * Round-to-nearest: the grid spans each group's minimum and maximum (both taken to include zero),
 * every weight goes to its nearest code (Gholami et al., arXiv 2103.13630, section III).
 */
public final class RoundToNearest implements LinearQuantizer {
  /** How users call it. */
  public static final Method METHOD =
      new Method() {
        @Override
        public String name() {
          return "rtn";
        }

        @Override
        public String description() {
          return "round to nearest on the min/max grid of each group; needs no data";
        }

        @Override
        public String label() {
          return "round-to-nearest";
        }

        @Override
        public BlockQuantizer quantizer(MethodOptions options) {
          return new Layerwise(new RoundToNearest(), name());
        }
      };

  /** Weights below which another thread does not pay. */
  private static final int GRAIN = 1 << 14;

  /** The method; it has no state. */
  public RoundToNearest() {}

  @Override
  public Work begin(LinearLayer layer) {
    return () -> quantize(layer);
  }

  /**
   * The codes of a layer.
   *
   * @throws dev.ashlar.tuning.method.TuningException if a group spans more than its scale type can
   *     hold
   */
  public static QuantizedMatrix quantize(LinearLayer layer) {
    IntegerGrid scheme = layer.grid();
    int out = layer.out();
    int in = layer.in();
    int groups = scheme.groups(in);
    byte[] codes = new byte[Math.multiplyExact(out, in)];
    float[] scales = new float[out * groups];
    byte[] zeros = new byte[out * groups];
    float[] wMin = new float[out * groups];
    float[] wMax = new float[out * groups];
    float[] w = layer.weight().data();
    FakeQuantKernel kernel = layer.backend().fakeQuant();
    FakeQuantKernel.Parameters p =
        new FakeQuantKernel.Parameters(scheme, out, in, w, wMin, wMax, null, null, null);
    Parallel.rows(
        out,
        Math.max(1, GRAIN / in),
        (from, to) -> {
          kernel.range(scheme, from, to, in, w, wMin, wMax);
          kernel.forward(p, from, to, null, codes, scales, zeros);
        });
    Scales.require(layer.name(), scheme, in, scales);
    return new QuantizedMatrix(out, in, scheme, codes, scales, zeros);
  }
}

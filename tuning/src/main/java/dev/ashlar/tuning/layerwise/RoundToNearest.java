package dev.ashlar.tuning.layerwise;

import dev.ashlar.tensor.affine.Affine;
import dev.ashlar.tensor.blocks.SuperFit;
import dev.ashlar.tensor.quant.FileBlocks;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.quant.SuperGrid;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.LinearLayer;
import dev.ashlar.tuning.method.LinearQuantizer;
import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.method.Scales;
import dev.ashlar.tuning.method.TuningException;
import java.util.Optional;

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

  /** The method; it has no state. */
  public RoundToNearest() {}

  @Override
  public Optional<String> refusal(QuantScheme scheme) {
    return refused(scheme);
  }

  /** What methods that do nothing but round cannot do. */
  static Optional<String> refused(QuantScheme scheme) {
    return switch (scheme) {
      case FloatGrid small -> FloatRounding.refusal(small);
      // Rounding is all there is to do, and files that have blocks do it themselves.
      case FileBlocks own -> Optional.empty();
      case SuperGrid levels -> Optional.empty();
      default -> scheme.beyondIntegerWeights();
    };
  }

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
    if (layer.scheme() instanceof FloatGrid) {
      return FloatRounding.quantize(layer);
    }
    if (layer.scheme() instanceof SuperGrid levels) {
      return fitted(layer, levels, null);
    }
    IntegerGrid grid = layer.grid();
    QuantizedMatrix nearest = Affine.nearest(layer.weight(), grid, layer.backend());
    Scales.require(layer.name(), grid, layer.in(), nearest.zeroPoints().scales());
    return nearest;
  }

  /**
   * The codes that a search finds on a grid of two levels.
   *
   * @param importance of each input, {@code [in]}; null if all count alike
   * @throws dev.ashlar.tuning.method.TuningException if super-blocks do not divide the rows
   */
  static QuantizedMatrix fitted(LinearLayer layer, SuperGrid levels, float[] importance) {
    if (!levels.divides(layer.in())) {
      throw new TuningException(
          layer.name(), "super-blocks of " + levels.blockSize() + " do not divide its inputs");
    }
    return SuperFit.of(layer.weight(), levels, importance, layer.backend());
  }
}

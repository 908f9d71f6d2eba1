package dev.ashlar.tuning.method;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.QuantScheme;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A method that quantizes the linear maps that read one input together, so that what it gathers of
 * the input (second moments, say) is gathered once; perhaps group after group, each seeing what the
 * earlier ones have become; perhaps several times over.
 */
@FunctionalInterface
public interface GroupQuantizer {
  /** Work on one group: it sees the input, if it wants it, and then gives the codes. */
  interface Work {
    /**
     * Sees the input of one batch; called for all calibration data in order.
     *
     * @param x {@code [.., in]}, valid during the call only
     */
    default void observe(Tensor x) {}

    /**
     * The group's codes, and tensors that are changed with them; called once, after all
     * observations.
     */
    UnitResult finish();
  }

  /**
   * Layers that read the same input.
   *
   * @param task the unit they are of, with its options and its seed
   * @param unit the unit as earlier groups and rounds have left it
   * @param layers at least one
   */
  record Group(UnitTask task, Unit unit, List<LinearLayer> layers) {
    public Group {
      layers = List.copyOf(layers);
    }
  }

  /** Why the method cannot choose codes of this kind; see {@link BlockQuantizer#refusal}. */
  default Optional<String> refusal(QuantScheme scheme) {
    return scheme.beyondIntegerWeights();
  }

  /** Starts on a group. */
  Work begin(Group group);

  /** Whether {@link Work#observe} should be called, so that calibration data are needed at all. */
  default boolean observes() {
    return false;
  }

  /**
   * Whether what is observed is the float model's, even in a run in which quantized units feed
   * those behind them.
   */
  default boolean floatInputs() {
    return false;
  }

  /**
   * Whether each group sees the unit with the earlier groups quantized ("true sequential"), which
   * takes a pass of all data for each group, rather than all at once.
   */
  default boolean sequential() {
    return false;
  }

  /** Whether matrices may have more than codes with zero points; see {@link BlockQuantizer}. */
  default boolean keepsOutliers() {
    return false;
  }

  /** About how many bytes are taken beside codes, floats and what passes through. */
  default long workingBytes(UnitSize unit) {
    return 0;
  }

  /** How often the whole unit is gone through; from the second on, layers know their codes. */
  default int rounds() {
    return 1;
  }

  /** A method for one map at a time as one for groups. */
  static GroupQuantizer each(LinearQuantizer quantizer) {
    return new GroupQuantizer() {
      @Override
      public Work begin(Group group) {
        Map<String, LinearQuantizer.Work> work = new LinkedHashMap<>();
        group.layers().forEach(l -> work.put(l.name(), quantizer.begin(l)));
        return new Work() {
          @Override
          public void observe(Tensor x) {
            work.values().forEach(w -> w.observe(x));
          }

          @Override
          public UnitResult finish() {
            UnitResult result = UnitResult.of(Map.of());
            for (Map.Entry<String, LinearQuantizer.Work> e : work.entrySet()) {
              result = result.and(UnitResult.of(Map.of(e.getKey(), e.getValue().finish())));
            }
            return result;
          }
        };
      }

      @Override
      public Optional<String> refusal(QuantScheme scheme) {
        return quantizer.refusal(scheme);
      }

      @Override
      public boolean observes() {
        return quantizer.observes();
      }
    };
  }
}

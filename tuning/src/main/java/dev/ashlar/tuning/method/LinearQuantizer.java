package dev.ashlar.tuning.method;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.Optional;

/** A method that quantizes one linear map at a time, perhaps having seen what flows into it. */
@FunctionalInterface
public interface LinearQuantizer {
  /** Work on one layer: it sees the layer's inputs, if it wants them, and then gives the codes. */
  interface Work {
    /**
     * Sees the layer's inputs of one batch; called for all calibration data in order.
     *
     * @param x {@code [.., in]}, valid during the call only
     */
    default void observe(Tensor x) {}

    /** The layer's codes; called once, after all observations. */
    QuantizedMatrix finish();
  }

  /** Why the method cannot choose codes of this kind; see {@link BlockQuantizer#refusal}. */
  default Optional<String> refusal(QuantScheme scheme) {
    return scheme.beyondIntegerWeights();
  }

  /** Starts on a layer. */
  Work begin(LinearLayer layer);

  /** Whether {@link Work#observe} should be called, so that calibration data are needed at all. */
  default boolean observes() {
    return false;
  }
}

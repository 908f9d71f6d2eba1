package dev.ashlar.tuning;

import dev.ashlar.tensor.quant.QuantizedTensor;

/** Takes finished layers, in the model's order. */
@FunctionalInterface
public interface LayerSink {
  /**
   * @param module complete module name, without {@code .weight}
   * @param tensor the layer's codes, the receiver's to keep
   */
  void quantized(String module, QuantizedTensor tensor);
}

package example;

import dev.ashlar.engine.Quantization;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tuning.layerwise.Layerwise;
import dev.ashlar.tuning.layerwise.RoundToNearest;
import dev.ashlar.tuning.method.Method;
import java.nio.file.Path;

/** Quantizes with a method that the library does not have: {@code OwnMethod MODEL FOLDER}. */
class OwnMethod {
  void main(String[] args) {
    Method shrink = Layerwise.method("shrink", "rounds what is a little smaller",
        layer -> () -> RoundToNearest.quantize(layer.withWeight(smaller(layer.weight()))));
    Quantization.of(args[0]).method(shrink).into(Path.of(args[1])).run();
  }

  private static Tensor smaller(Tensor weight) {
    float[] values = weight.data().clone();
    for (int i = 0; i < values.length; i++) {
      values[i] *= 0.99f;
    }
    return Tensor.of(values, weight.shape());
  }
}

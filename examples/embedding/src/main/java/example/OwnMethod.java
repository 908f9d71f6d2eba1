package example;

import dev.ashlar.engine.Quantization;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tuning.layerwise.Layerwise;
import dev.ashlar.tuning.layerwise.RoundToNearest;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.LinearLayer;
import dev.ashlar.tuning.method.LinearQuantizer;
import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.method.MethodOptions;
import java.nio.file.Path;

/** Quantizes with a method that the library does not have: {@code OwnMethod MODEL FOLDER}. */
class OwnMethod {
  void main(String[] args) {
    LinearQuantizer codes = layer -> () -> RoundToNearest.quantize(
        new LinearLayer(layer.name(), smaller(layer.weight()), layer.scheme()));
    Method shrink = new Method() {
      public String name() { return "shrink"; }
      public String description() { return "rounds what is a little smaller"; }
      public BlockQuantizer quantizer(MethodOptions options) { return new Layerwise(codes, name()); }
    };
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

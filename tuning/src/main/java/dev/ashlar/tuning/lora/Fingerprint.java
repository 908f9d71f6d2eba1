package dev.ashlar.tuning.lora;

import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.layer.DenseWeight;
import dev.ashlar.nn.layer.FrozenWeight;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.nn.layer.WrappedWeight;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.work.WeightChecksum;

/** What tells two models apart: a checksum of all floats, those that codes stand for among them. */
final class Fingerprint {
  private final WeightChecksum floats = new WeightChecksum();

  private Fingerprint() {}

  static String of(Decoder model) {
    Fingerprint all = new Fingerprint();
    model.forEachTensor((name, t) -> all.floats.add(t));
    for (int i = 0; i < model.blockCount(); i++) {
      model
          .block(i)
          .mapWeights(
              (name, weight) -> {
                all.add(weight);
                return weight;
              });
    }
    return Long.toHexString(all.floats.value());
  }

  private void add(Weight weight) {
    switch (weight) {
      case DenseWeight d -> floats.add(d.matrix());
      case FrozenWeight f -> add(f.matrix());
      case WrappedWeight w -> add(w.inner());
      default -> throw new IllegalArgumentException("no gradient passes a " + weight.getClass());
    }
  }

  /** Scales and zero points count as much as codes do. */
  private void add(QuantizedMatrix matrix) {
    Tensor row = Tensor.zeros(matrix.in());
    for (int o = 0; o < matrix.out(); o++) {
      matrix.readRow(o, row.data(), 0);
      floats.add(row);
    }
  }
}

package dev.ashlar.tuning.lora;

import dev.ashlar.nn.decoder.Block;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.layer.DenseWeight;
import dev.ashlar.nn.layer.FrozenWeight;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.nn.layer.WrappedWeight;
import dev.ashlar.tuning.work.WeightChecksum;
import java.util.zip.CRC32C;

/** What tells the blocks of two models apart: checksums of their tensors and codes. */
final class Fingerprint {
  private final WeightChecksum floats = new WeightChecksum();
  private final CRC32C codes = new CRC32C();

  private Fingerprint() {}

  static String of(Decoder model) {
    Fingerprint all = new Fingerprint();
    for (int i = 0; i < model.blockCount(); i++) {
      Block b = model.block(i);
      b.forEachTensor((name, t) -> all.floats.add(t));
      b.mapWeights(
          (name, weight) -> {
            all.add(weight);
            return weight;
          });
    }
    return String.format("%x-%x", all.floats.value(), all.codes.getValue());
  }

  private void add(Weight weight) {
    switch (weight) {
      case DenseWeight d -> floats.add(d.matrix());
      case FrozenWeight f -> codes.update(f.matrix().codes().values());
      case WrappedWeight w -> add(w.inner());
      default -> throw new IllegalArgumentException("no gradient passes a " + weight.getClass());
    }
  }
}

package dev.ashlar.tuning.lora;

import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.layer.DenseWeight;
import dev.ashlar.nn.layer.FrozenWeight;
import dev.ashlar.nn.layer.HalfWeight;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.nn.layer.WrappedWeight;
import dev.ashlar.tensor.HalfMatrix;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.work.WeightChecksum;
import java.util.Arrays;

/** What tells two models apart: a checksum of all floats, those that codes stand for among them. */
final class Fingerprint {
  /** Rows of the embedding at once. */
  private static final int CHUNK = 256;

  private final WeightChecksum floats = new WeightChecksum();

  private Fingerprint() {}

  static String of(Decoder model) {
    Fingerprint all = new Fingerprint();
    model.forEachTensor((name, t) -> all.floats.add(t));
    all.addEmbedding(model);
    model.mapHead(
        (name, weight) -> {
          all.add(weight);
          return weight;
        });
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

  /** What it gives for each token: a table of codes is no tensor. */
  private void addEmbedding(Decoder model) {
    Tape tape = Tape.off(model.backend());
    for (int from = 0; from < model.spec().vocab(); from += CHUNK) {
      int[] ids = new int[Math.min(CHUNK, model.spec().vocab() - from)];
      int first = from;
      Arrays.setAll(ids, i -> first + i);
      tape.reset();
      floats.add(model.embed(ids, BlockContext.of(ids.length, 1), tape));
    }
  }

  private void add(Weight weight) {
    switch (weight) {
      case DenseWeight d -> floats.add(d.matrix());
      case HalfWeight h -> add(h.matrix());
      case FrozenWeight f -> add(f.matrix());
      case WrappedWeight w -> add(w.inner());
      default -> throw new IllegalArgumentException("no gradient passes a " + weight.getClass());
    }
  }

  private void add(HalfMatrix matrix) {
    Tensor row = Tensor.zeros(matrix.in());
    for (int o = 0; o < matrix.out(); o++) {
      matrix.readRow(o, row.data(), 0);
      floats.add(row);
    }
  }

  /** Scales and zero points count as much as codes do, and outliers for themselves. */
  private void add(QuantizedMatrix matrix) {
    Tensor row = Tensor.zeros(matrix.in());
    for (int o = 0; o < matrix.out(); o++) {
      matrix.readRow(o, row.data(), 0);
      floats.add(row);
      if (matrix.outliers().isPresent()) {
        Arrays.fill(row.data(), 0);
        matrix.outliers().get().addTo(o, row.data(), 0);
        floats.add(row);
      }
    }
  }
}

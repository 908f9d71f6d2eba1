package dev.ashlar.tuning;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.layer.DenseWeight;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.work.UnitStore;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;

/** A Llama of two blocks and 64 channels, and data for it. */
@SuppressWarnings("exports") // tests only
public final class TinyModel {
  private TinyModel() {}

  /** The model, all of it in memory. */
  public static Decoder load() {
    try {
      Path folder = Path.of(TinyModel.class.getResource("/autoround/models/llama").toURI());
      try (Checkpoint source = Checkpoints.open(folder)) {
        Decoder model = Architectures.loadTrained(source);
        // The blocks stay when the file is closed.
        return model.withBlocks(List.of(model.loadBlock(0), model.loadBlock(1)));
      }
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The model with its checkpoint open, so that blocks can be loaded. */
  public static Checkpoint open() {
    try {
      return Checkpoints.open(
          Path.of(TinyModel.class.getResource("/autoround/models/llama").toURI()));
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Random tokens. */
  public static CalibrationSet data(int samples, int length) {
    Random random = new Random(5);
    List<int[]> all = new ArrayList<>();
    for (int s = 0; s < samples; s++) {
      all.add(random.ints(length, 1, 64).toArray());
    }
    return CalibrationSet.of(all, OptionalInt.of(0));
  }

  /** Random hidden states {@code [batch, length, dim]}. */
  public static Tensor hidden(int batch, int length, int dim) {
    Random random = new Random(9);
    Tensor x = Tensor.zeros(batch, length, dim);
    for (int i = 0; i < x.size(); i++) {
      x.data()[i] = (float) random.nextGaussian();
    }
    return x;
  }

  /** The decoder with what a run gave in place of its weights. */
  public static Decoder quantized(Decoder model, Map<String, QuantizedMatrix> layers) {
    return model.mapWeights(
        (name, weight) ->
            layers.containsKey(name) ? new DenseWeight(layers.get(name).dequantize()) : weight);
  }

  /** What a run puts out, in order. */
  public static Map<String, QuantizedMatrix> collect(BlockwiseQuantization run) {
    return collect(run, Optional.empty());
  }

  /** The same of a run with a store. */
  public static Map<String, QuantizedMatrix> collect(
      BlockwiseQuantization run, Optional<? extends UnitStore> work) {
    Collected found = new Collected();
    run.run(work, found, RunListener.SILENT);
    return found.layers();
  }
}

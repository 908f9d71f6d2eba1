package dev.ashlar.engine.quantize;

import dev.ashlar.engine.job.JobListener;
import dev.ashlar.engine.job.Stage;
import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.io.InputException;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.layer.DenseWeight;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tuning.Methods;
import dev.ashlar.tuning.layerwise.RoundToNearest;
import dev.ashlar.tuning.method.LinearLayer;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.quality.Perplexity;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * The perplexities that say what quantizing cost: of the float model, of rounding, of the result;
 * each with one block in memory at a time.
 */
final class Perplexities {
  private final JobListener listener;
  private final int[] ids;
  private final int length;
  private final int limit;

  /**
   * @param ids the text, tokenized once without special tokens
   * @param length tokens of each window
   * @param limit windows at most; 0 for all
   * @throws InputException if the text is shorter than one window
   */
  Perplexities(JobListener listener, int[] ids, int length, int limit) {
    if (ids.length < length) {
      throw new InputException(
          "the evaluation text has "
              + ids.length
              + " tokens, fewer than one window of "
              + length
              + "; give a longer --eval-dataset or a shorter --eval-seqlen");
    }
    this.listener = listener;
    this.ids = ids;
    this.length = length;
    this.limit = limit;
  }

  /** How many windows are measured. */
  int windows() {
    return limit > 0 ? Math.min(limit, ids.length / length) : ids.length / length;
  }

  double ofFloat(Decoder model) {
    return of("float", model, unit -> unit);
  }

  /** Of the model with every layer rounded to the nearest code of its scheme. */
  double ofRounding(Decoder model, Map<String, QuantScheme> schemes) {
    return of(
        Methods.BASELINE.label(),
        model,
        unit -> unit.mapWeights((name, w) -> rounded(name, w, schemes.get(name))));
  }

  private static Weight rounded(String name, Weight weight, QuantScheme scheme) {
    if (scheme == null || !(weight instanceof DenseWeight dense)) {
      return weight;
    }
    return new DenseWeight(
        RoundToNearest.quantize(new LinearLayer(name, dense.matrix(), scheme)).dequantize());
  }

  /** Of what lies in a finished folder. */
  double ofFolder(String label, Path folder) {
    try (Checkpoint again = Checkpoints.open(folder)) {
      return of(label, Architectures.load(again), unit -> unit);
    }
  }

  private double of(String label, Decoder model, UnaryOperator<Unit> change) {
    try (Stage stage = listener.begin("perplexity, " + label, windows())) {
      return Perplexity.blockByBlock(model, change, ids, length, limit, done -> stage.at(done, ""))
          .value();
    }
  }
}

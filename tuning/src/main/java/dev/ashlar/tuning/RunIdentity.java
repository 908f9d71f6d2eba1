package dev.ashlar.tuning;

import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.plan.QuantizationPlan;
import dev.ashlar.tuning.work.Job;
import java.util.Map;
import java.util.TreeMap;

/** What identifies a run in a work folder. */
final class RunIdentity {
  /** Part of every job's identity: work of another version is not continued. */
  private static final String FORMAT_VERSION = "5";

  /** Enough of a SHA-256 to tell texts apart, and short enough to be read. */
  private static final int CHECKSUM_LETTERS = 16;

  private RunIdentity() {}

  /**
   * The job.
   *
   * @param facts what the caller knows of model and data
   */
  static Job of(
      Decoder model,
      QuantizationPlan plan,
      CalibrationSet data,
      BlockQuantizer quantizer,
      RunOptions options,
      Map<String, String> facts) {
    Map<String, String> all = new TreeMap<>(facts);
    all.put("version", FORMAT_VERSION);
    all.put(
        "model", model.spec().modelType() + " " + model.blockCount() + "x" + model.spec().dim());
    all.put("scheme", plan.describe());
    all.put("method", quantizer.describe());
    all.put("batch size", Integer.toString(options.batchSize()));
    all.put("batches of a step", Integer.toString(options.accumulate()));
    all.put("blocks at once", Integer.toString(options.nblocks()));
    all.put("quantized input", Boolean.toString(options.quantizedInput()));
    all.put("seed", Long.toString(options.seed()));
    all.put("activations", options.streamType().name());
    all.put("samples", Integer.toString(data.count()));
    all.put("tokens of a sample", Integer.toString(data.length()));
    all.put("checksum of the data", data.digest().substring(0, CHECKSUM_LETTERS));
    return new Job(all);
  }
}

package dev.ashlar.engine.finetune;

import dev.ashlar.engine.data.DatasetFiles;
import dev.ashlar.engine.job.Faults;
import dev.ashlar.engine.job.JobListener;
import dev.ashlar.engine.model.Model;
import dev.ashlar.engine.model.ModelEncoder;
import dev.ashlar.io.InputException;
import dev.ashlar.tuning.calibration.Calibration;
import dev.ashlar.tuning.calibration.CalibrationSet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Samples to train on and to measure on. Documents that are shorter than a sample are filled up by
 * positions that do not count.
 */
record TrainingData(CalibrationSet train, CalibrationSet heldOut) {
  /** More samples than this no run of a machine's processors gets through. */
  private static final int MOST_SAMPLES = 1 << 18;

  /** Of samples that are kept back: one of so many, and at most. */
  private static final int KEPT_SHARE = 20;

  private static final int MOST_KEPT = 32;

  /**
   * Reads them.
   *
   * @throws InputException if there is too little
   */
  static TrainingData read(Model model, FineTuningRequest request, JobListener listener) {
    int length = model.fitting(request.length(), "--seqlen", listener);
    CalibrationSet all = samples(model, request.dataset(), length, request.seed(), listener);
    if (request.evaluation().isPresent()) {
      String dataset = request.evaluation().get();
      return new TrainingData(all, samples(model, dataset, length, request.seed(), listener));
    }
    int kept = Math.clamp(all.count() / KEPT_SHARE, 1, MOST_KEPT);
    if (all.count() < 2) {
      throw new InputException(
          request.dataset()
              + ": gives one sample of at most "
              + length
              + " tokens, and one has to be kept back to measure on; give --eval-dataset, a smaller"
              + " --seqlen or more data");
    }
    return new TrainingData(all.first(all.count() - kept), last(all, kept));
  }

  private static CalibrationSet last(CalibrationSet all, int count) {
    List<int[]> samples = new ArrayList<>();
    for (int i = all.count() - count; i < all.count(); i++) {
      samples.add(all.sample(i));
    }
    return CalibrationSet.of(
        samples, Arrays.copyOfRange(all.counted(), all.count() - count, all.count()));
  }

  private static CalibrationSet samples(
      Model model, String dataset, int length, long seed, JobListener listener) {
    Calibration made =
        Calibration.of(
            Faults.translated(() -> DatasetFiles.ofMachine().sources(dataset)),
            ModelEncoder.forEvaluation(model),
            new Calibration.Amount(MOST_SAMPLES, length, true, true),
            seed,
            model.padding());
    made.warnings().forEach(listener::warning);
    for (int i = 0; i < made.set().count(); i++) {
      model.requireTokens(made.set().sample(i));
    }
    return made.set();
  }

  /** What tells these data from others. */
  String identity() {
    return train.digest() + " " + heldOut.digest();
  }

  /** Tokens of the longest sample. */
  int length() {
    return Math.max(train.length(), heldOut.length());
  }
}

package dev.ashlar.engine.quantize;

import dev.ashlar.engine.data.BuiltInText;
import dev.ashlar.engine.job.JobListener;
import dev.ashlar.engine.model.Model;
import dev.ashlar.engine.model.ModelEncoder;
import dev.ashlar.engine.model.ModelPaths;
import dev.ashlar.engine.quantize.QuantizeRequest.CalibrationRequest;
import dev.ashlar.tuning.calibration.Calibration;
import dev.ashlar.tuning.calibration.CalibrationSet;
import java.util.List;

/** What a run of {@code quantize} calibrates on, from texts to samples of tokens. */
final class JobData {
  private final QuantizeRequest request;
  private final JobListener listener;

  JobData(QuantizeRequest request, JobListener listener) {
    this.request = request;
    this.listener = listener;
  }

  /** The texts; says so if they are the built-in one. */
  List<Calibration.Source> texts() {
    CalibrationRequest wanted = request.calibration();
    boolean demo = request.model().equals(ModelPaths.DEMO);
    if (!demo && wanted.dataset().isEmpty() && wanted.given().isEmpty()) {
      listener.note(
          "calibrating on the "
              + BuiltInText.NAME
              + ", a little of many languages and code; a text like those that the model is for"
              + " (--dataset) gives a better model");
    }
    return Texts.calibration(wanted, demo);
  }

  /** As many samples as were asked for, of the length asked for; none of no texts. */
  CalibrationSet samples(Model model, List<Calibration.Source> texts) {
    if (texts.isEmpty()) {
      return CalibrationSet.none();
    }
    CalibrationRequest wanted = request.calibration();
    // A time takes of a text what it has room for.
    boolean most = request.quantizer().budget().isPresent();
    int length = fitting(wanted.length(), model, "--seqlen");
    return samples(model, texts, new Calibration.Amount(wanted.samples(), length, most));
  }

  /** Samples of a number and length of the caller's. */
  CalibrationSet samples(Model model, List<Calibration.Source> texts, int count, int length) {
    return samples(model, texts, new Calibration.Amount(count, length, false));
  }

  private CalibrationSet samples(
      Model model, List<Calibration.Source> texts, Calibration.Amount amount) {
    Calibration made =
        Calibration.of(
            texts,
            ModelEncoder.forCalibration(model),
            amount,
            request.run().seed(),
            model.padding());
    made.warnings().forEach(listener::warning);
    return made.set();
  }

  /** A length that the model takes; see {@link Model#fitting}. */
  int fitting(int wanted, Model model, String option) {
    return model.fitting(wanted, option, listener);
  }
}

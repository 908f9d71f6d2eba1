package dev.ashlar.engine.quantize;

import dev.ashlar.engine.data.BuiltInText;
import dev.ashlar.engine.data.DatasetFiles;
import dev.ashlar.engine.demo.DemoGrammar;
import dev.ashlar.engine.harness.EvaluationText;
import dev.ashlar.engine.quantize.QuantizeRequest.CalibrationRequest;
import dev.ashlar.engine.quantize.QuantizeRequest.Evaluation;
import dev.ashlar.tuning.calibration.Calibration;
import dev.ashlar.tuning.calibration.DatasetSpec;
import dev.ashlar.tuning.calibration.Documents;
import java.util.List;

/** Reads the texts of a job, before anything expensive starts, so that faults show at once. */
final class Texts {
  /** The demo's tokens are words of up to about six characters. */
  private static final int CHARACTERS_PER_TOKEN = 8;

  /** Twice what the largest recipe takes: more only takes time. */
  private static final long LONGEST_DEMO_CHARACTERS = 1L << 20;

  private static final int DEMO_TEST_CHARACTERS = 200_000;

  private Texts() {}

  /**
   * What to calibrate on.
   *
   * @param demo whether the model is the bundled one, which has a text of its own
   */
  static List<Calibration.Source> calibration(CalibrationRequest request, boolean demo) {
    if (!request.given().isEmpty()) {
      return request.given();
    }
    if (request.dataset().isEmpty()) {
      return List.of(demo ? demo(request) : BuiltInText.source());
    }
    return DatasetFiles.ofMachine().sources(request.dataset().get());
  }

  /** The demo model's own text; more than a person waits for is not told. */
  private static Calibration.Source demo(CalibrationRequest request) {
    long characters = (long) request.samples() * request.length() * CHARACTERS_PER_TOKEN;
    String text =
        new DemoGrammar()
            .generate(
                DemoGrammar.CALIBRATION_TEXT, (int) Math.min(characters, LONGEST_DEMO_CHARACTERS))
            .text();
    return new Calibration.Source(DatasetSpec.of("demo text"), new Documents.PlainText(text));
  }

  /** What to measure perplexity on. */
  static List<EvaluationText> evaluation(Evaluation request) {
    if (request.given().isPresent()) {
      return List.of(EvaluationText.of("text", request.given().get()));
    }
    return request
        .dataset()
        .map(name -> EvaluationText.read(name, DatasetFiles.ofMachine()))
        .orElseGet(
            () ->
                List.of(
                    EvaluationText.of(
                        "demo text",
                        new DemoGrammar()
                            .generate(DemoGrammar.TEST_TEXT, DEMO_TEST_CHARACTERS)
                            .text())));
  }
}

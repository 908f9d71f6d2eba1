package dev.ashlar.engine.quantize;

import dev.ashlar.engine.data.TextFiles;
import dev.ashlar.engine.demo.DemoGrammar;
import dev.ashlar.engine.quantize.QuantizeRequest.CalibrationRequest;
import dev.ashlar.engine.quantize.QuantizeRequest.Evaluation;
import dev.ashlar.io.InputException;
import dev.ashlar.tuning.calibration.Calibration;
import dev.ashlar.tuning.calibration.DatasetSpec;
import dev.ashlar.tuning.calibration.Documents;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Reads the texts of a job, before anything expensive starts, so that faults show at once. */
public final class Texts {
  /** The demo's tokens are words of up to about six characters. */
  private static final int CHARACTERS_PER_TOKEN = 8;

  private static final int DEMO_TEST_CHARACTERS = 200_000;

  private Texts() {}

  /** What to calibrate on. */
  static List<Calibration.Source> calibration(CalibrationRequest request) {
    if (!request.given().isEmpty()) {
      return request.given();
    }
    if (request.dataset().isEmpty()) {
      int characters = request.samples() * request.length() * CHARACTERS_PER_TOKEN;
      String text = new DemoGrammar().generate(DemoGrammar.CALIBRATION_TEXT, characters).text();
      return List.of(
          new Calibration.Source(DatasetSpec.of("demo text"), new Documents.PlainText(text)));
    }
    List<Calibration.Source> sources = new ArrayList<>();
    for (DatasetSpec spec : DatasetSpec.parse(request.dataset().get())) {
      sources.add(new Calibration.Source(spec, documents(spec)));
    }
    return sources;
  }

  private static Documents documents(DatasetSpec spec) {
    Path file = Path.of(spec.name());
    if (!Files.exists(file) && spec.name().matches("[\\w.-]+/[\\w.-]+|[\\w-]+")) {
      throw new InputException(
          spec.name()
              + ": no such file, and data sets are not downloaded; give a .txt, .json or .jsonl"
              + " file with --dataset");
    }
    if (!spec.splits().isEmpty()) {
      throw new InputException(
          spec.name()
              + ": a file has no splits ("
              + String.join("+", spec.splits())
              + "); name one file for each");
    }
    return documents(file);
  }

  /** What a file holds: separate documents, or one running text. */
  public static Documents documents(Path file) {
    String name = file.toString().toLowerCase(Locale.ROOT);
    if (name.endsWith(".json") || name.endsWith(".jsonl")) {
      return new Documents.Separate(TextFiles.textsOrTokens(file));
    }
    return new Documents.PlainText(TextFiles.documents(file).getFirst());
  }

  /** What to measure perplexity on. */
  static String evaluation(Evaluation request) {
    return request
        .given()
        .or(() -> request.file().map(TextFiles::text))
        .orElseGet(
            () -> new DemoGrammar().generate(DemoGrammar.TEST_TEXT, DEMO_TEST_CHARACTERS).text());
  }
}

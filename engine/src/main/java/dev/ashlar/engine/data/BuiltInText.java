package dev.ashlar.engine.data;

import dev.ashlar.tuning.calibration.Calibration;
import dev.ashlar.tuning.calibration.DatasetSpec;
import dev.ashlar.tuning.calibration.Documents;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * A small text to calibrate on where a user gives none: short pieces of prose, dialogue, questions
 * and answers in many languages, and code, all written for this purpose. The pieces are joined in
 * an order that depends on the seed.
 */
public final class BuiltInText {
  /** What messages and records call it. */
  public static final String NAME = "built-in text";

  private static final String RESOURCE = "calibration.txt";

  /** A line that divides two pieces. */
  private static final String BETWEEN = "\n%%\n";

  private BuiltInText() {}

  /** The text as a data set. */
  public static Calibration.Source source() {
    List<Documents.Document> documents = new ArrayList<>();
    for (String piece : text().split(BETWEEN)) {
      documents.add(new Documents.Text(piece.strip() + "\n\n"));
    }
    DatasetSpec spec = new DatasetSpec(NAME, List.of(), OptionalInt.empty(), true, false, "");
    return new Calibration.Source(spec, new Documents.Separate(documents));
  }

  private static String text() {
    try (InputStream in = BuiltInText.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException("the built-in text is missing from this build");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

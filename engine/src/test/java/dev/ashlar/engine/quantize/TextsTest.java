package dev.ashlar.engine.quantize;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.engine.quantize.QuantizeRequest.CalibrationRequest;
import dev.ashlar.tuning.calibration.Calibration;
import dev.ashlar.tuning.calibration.Documents;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextsTest {
  private static List<Calibration.Source> read(String dataset) {
    return Texts.calibration(new CalibrationRequest(Optional.of(dataset), 4, 8), false);
  }

  @Test
  void theDemoTextIsNeverLongerThanAPersonWaitsFor() {
    CalibrationRequest absurd = new CalibrationRequest(Optional.empty(), 1_000_000, 2048);
    Documents.PlainText text =
        (Documents.PlainText) Texts.calibration(absurd, true).getFirst().documents();
    assertTrue(text.text().length() >= 1 << 20);
    assertTrue(text.text().length() < 1 << 21);
  }

  @Test
  void pathsWithCommasAndColonsAreFound(@TempDir Path folder) throws IOException {
    Path odd = Files.writeString(folder.resolve("a,b:c.jsonl"), "\"one\"\n");
    Path plain = Files.writeString(folder.resolve("d.txt"), "two");
    assertEquals(odd.toString(), read(odd.toString()).getFirst().spec().name());
    String escaped = odd.toString().replace(",", "\\,").replace(":", "\\:");
    List<Calibration.Source> both = read(escaped + ":num=2," + plain);
    assertEquals(2, both.size());
    assertEquals(2, both.getFirst().spec().num().getAsInt());
    assertEquals(odd.toString(), both.getFirst().spec().name());
  }
}

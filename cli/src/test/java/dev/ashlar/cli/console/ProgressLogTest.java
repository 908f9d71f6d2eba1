package dev.ashlar.cli.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.engine.job.Stage;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a log gets to read of long work, by a clock of the test's. */
class ProgressLogTest {
  private static final long SECOND = 1_000_000_000L;

  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final PrintStream stream = new PrintStream(err, true, StandardCharsets.UTF_8);
  private final Console console = new Console(stream, stream, false);
  private long now = 5 * SECOND;

  private Stage begin(String label, double total, long since) {
    return new ProgressLog(console, label, total, since, () -> now);
  }

  private List<String> lines() {
    List<String> lines = err.toString(StandardCharsets.UTF_8).lines().toList();
    err.reset();
    return lines;
  }

  @Test
  void shortWorkIsSilent() {
    try (Stage stage = begin("perplexity", 4, now)) {
      for (int i = 1; i <= 4; i++) {
        now += SECOND / 5;
        stage.at(i, "");
        stage.finished(1, "a part");
      }
    }
    assertEquals(List.of(), lines());
  }

  @Test
  void workWithinALongRunIsAnnouncedBeforeItBegins() {
    begin("measuring", 1, now - 2 * SECOND).close();
    assertEquals(List.of("ashlar: measuring"), lines());
  }

  @Test
  void everyPartGetsALineWithTheTimeLeft() {
    try (Stage stage = begin("tuning", 3, now)) {
      for (int i = 1; i <= 3; i++) {
        now += 3 * SECOND;
        stage.finished(3 * (3 - i), "block " + i);
      }
    }
    assertEquals(
        List.of(
            "ashlar: tuning",
            "ashlar: block 1; about 6.0 s left",
            "ashlar: block 2; about 3.0 s left",
            "ashlar: block 3"),
        lines());
  }

  @Test
  void longPartsAreFollowedNowAndThen() {
    try (Stage stage = begin("converting", 600, now)) {
      for (int i = 1; i <= 600; i++) {
        now += SECOND;
        stage.at(i, "x.weight");
      }
    }
    List<String> lines = lines();
    assertEquals("ashlar: converting", lines.getFirst());
    assertEquals("ashlar: converting: 1%, x.weight; about 9 min 50 s left", lines.get(1));
    assertTrue(lines.size() > 20 && lines.size() < 50, lines.size() + " lines in ten minutes");
  }

  @Test
  void aPaceThatIsNotKnownIsNotInvented() {
    Stage stage = begin("tuning", 1, now - 2 * SECOND);
    now += 11 * SECOND;
    stage.at(0, Double.NaN, "block 1 of 4");
    assertEquals(List.of("ashlar: tuning", "ashlar: tuning: 0%, block 1 of 4"), lines());
  }
}

package dev.ashlar.cli.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tensor.kernel.Backends;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** {@code doctor} looks and measures, whatever it finds. */
class DoctorCommandTest {
  @Test
  void itEndsWellWithAllItFound() {
    CommandRun run = CommandRun.succeed("doctor", "--json");
    Map<String, Object> found = run.json();
    assertEquals(Backends.chosen().name(), found.get("backend"));
    assertEquals(Backends.candidates().size(), ((List<?>) found.get("candidates")).size());
    assertEquals((long) Runtime.getRuntime().availableProcessors(), found.get("processors"));
    for (String figure :
        List.of("ceilingGflops", "gflops", "readGigabytesPerSecond", "packedGigabytesPerSecond")) {
      assertTrue(((Number) found.get(figure)).doubleValue() > 0, figure);
    }
    assertEquals("", run.err());
  }

  /** The tests run without TornadoVM. */
  @Test
  void aDeviceThatIsNotThereIsNotMeasured() {
    for (Object[] words :
        new Object[][] {{"doctor", "--measure"}, {"doctor", "--measure", "tornado:1"}}) {
      String said = CommandRun.refused(words);
      assertTrue(said.contains("TORNADOVM_HOME"), said);
    }
    for (Object[] words :
        new Object[][] {
          {"doctor", "--measure", "vector"},
          {"doctor", "--measure=tornado:x"},
          {"doctor", "--measure", "--threads", 1}
        }) {
      CommandRun run = CommandRun.of(words);
      assertEquals(2, run.status(), run.err());
      assertTrue(run.err().contains("--measure"), run.err());
    }
  }

  @Test
  void whatItDoesNotTakeIsAMistakeOfUse() {
    CommandRun run = CommandRun.of("doctor", "--model", "demo");
    assertEquals(2, run.status());
    assertEquals("", run.out());
    assertFalse(run.err().isBlank());
  }
}

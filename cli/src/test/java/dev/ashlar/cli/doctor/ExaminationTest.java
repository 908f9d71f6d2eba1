package dev.ashlar.cli.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.cli.console.Report;
import dev.ashlar.engine.device.DeviceSpeed;
import dev.ashlar.engine.device.DeviceSpeed.Seconds;
import dev.ashlar.engine.device.DeviceSpeed.Size;
import dev.ashlar.tensor.kernel.Backends;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What people and machines are told of this machine. */
class ExaminationTest {
  private static final Speed SOUND = new Speed(100, 90, 20, 15, 18);
  private static final Automatic NONE = new Automatic(Optional.empty(), Optional.empty(), false);

  @Test
  void everyBackendIsThereWithItsReason() {
    Report report = Examination.of("1.2.3", SOUND, NONE);
    Set<String> offered = new TreeSet<>();
    Backends.candidates().forEach(c -> offered.add(c.name()));
    assertTrue(offered.containsAll(Set.of("reference", "vector")), offered.toString());
    Set<String> told = new TreeSet<>();
    List<String> used = new ArrayList<>();
    for (Object candidate : (List<?>) report.json().get("candidates")) {
      Map<?, ?> facts = (Map<?, ?>) candidate;
      String name = (String) facts.get("name");
      String reason = (String) facts.get("reason");
      told.add(name);
      assertFalse(reason.isBlank(), name);
      if ((Boolean) facts.get("used")) {
        used.add(name);
        assertTrue(line(report, "backend").startsWith(name + ": "), report.text());
      } else {
        String below = " ".repeat(10) + name + ", not used: " + reason;
        assertTrue(report.text().lines().anyMatch(below::equals), report.text());
      }
    }
    assertEquals(offered, told);
    assertEquals(List.of(Backends.chosen().name()), used);
    assertEquals(used.getFirst(), report.json().get("backend"));
  }

  @Test
  void figuresHaveTheirUnits() {
    Report report = Examination.of("1.2.3", new Speed(123.456, 90, 20, 15, 18), NONE);
    assertEquals("1.2.3", line(report, "ashlar"));
    assertTrue(line(report, "products").startsWith("90.0 of 123.5 GFLOP/s"), report.text());
    assertTrue(line(report, "decoding").startsWith("15.0 of 20.0 GB/s"), report.text());
    assertTrue(line(report, "decoding").contains(", 18.0 with --activations int8"), report.text());
    assertEquals(18.0, report.json().get("packedInt8GigabytesPerSecond"));
    assertEquals(123.5, report.json().get("ceilingGflops"));
    assertEquals(15.0, report.json().get("packedGigabytesPerSecond"));
    assertEquals(List.of(), report.json().get("warnings"));
    assertFalse(report.text().contains("warning"), report.text());
  }

  @Test
  void eachWarningHasALine() {
    Report report = Examination.of("1.2.3", new Speed(100, 10, 20, 2, 2), NONE);
    List<String> warnings = report.text().lines().filter(l -> l.startsWith("warning")).toList();
    assertEquals(2, warnings.size(), report.text());
    assertTrue(warnings.get(0).contains("float products reach only 10%"), report.text());
    assertTrue(warnings.get(1).contains("4-bit products reach only 10%"), report.text());
    assertEquals(2, ((List<?>) report.json().get("warnings")).size());
  }

  private static final Map<String, String> ON = Map.of("the driver", "1");

  private static DeviceSpeed measured(double device) {
    return new DeviceSpeed(
        "fake:0",
        ON,
        List.of(new Size(3_500_000, 0.5, new Seconds(device, 0.0015), new Seconds(0.002, 0.001))));
  }

  @Test
  void whatAutoMakesOfDevicesIsSaidWithItsFigures() {
    assertFalse(Examination.of("1", SOUND, NONE).text().contains("\nauto "));
    Report there =
        Examination.of("1", SOUND, new Automatic(Optional.empty(), Optional.empty(), true));
    assertTrue(
        line(there, "auto")
            .startsWith("takes no device: none was measured; 'ashlar doctor --measure'"),
        there.text());
    Report slow = report(measured(0.004), Optional.empty());
    assertTrue(line(slow, "auto").contains("fake:0 was slower at all"), slow.text());
    assertTrue(line(slow, "auto").contains("takes no device"), slow.text());
    String figures =
        "of 4 million weights each: a token 4.00 ms (processor 1.50), one of a prompt 2.00 ms"
            + " (processor 1.00); 0.5 s to start";
    assertTrue(slow.text().lines().anyMatch(l -> l.strip().equals(figures)), slow.text());
    assertEquals(false, auto(slow).get("takesDevice"));
    Report fast = report(measured(0.001), Optional.empty());
    assertTrue(line(fast, "auto").startsWith("takes fake:0 where"), fast.text());
    assertTrue(fast.text().contains("0.5 s to start, won back by 1,000 tokens"), fast.text());
    assertEquals(true, auto(fast).get("takesDevice"));
    assertTrue(auto(fast).containsKey("measured"));
    Report other = report(measured(0.001), Optional.of("the driver was 1 and is 2"));
    assertEquals("takes no device: the driver was 1 and is 2", line(other, "auto"));
    assertEquals(false, auto(other).get("takesDevice"));
  }

  private static Report report(DeviceSpeed speed, Optional<String> hindrance) {
    return Examination.of("1", SOUND, new Automatic(Optional.of(speed), hindrance, true));
  }

  private static Map<?, ?> auto(Report report) {
    return (Map<?, ?>) report.json().get("auto");
  }

  private static String line(Report report, String name) {
    return report
        .text()
        .lines()
        .filter(l -> l.startsWith(name))
        .map(l -> l.substring(10))
        .findFirst()
        .orElseThrow(() -> new AssertionError(report.text()));
  }
}

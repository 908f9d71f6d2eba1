package dev.ashlar.cli.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.cli.console.Report;
import dev.ashlar.tensor.kernel.Backends;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What people and machines are told of this machine. */
class ExaminationTest {
  private static final Speed SOUND = new Speed(100, 90, 20, 15);

  @Test
  void everyBackendIsThereWithItsReason() {
    Report report = Examination.of("1.2.3", SOUND);
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
    Report report = Examination.of("1.2.3", new Speed(123.456, 90, 20, 15));
    assertEquals("1.2.3", line(report, "ashlar"));
    assertTrue(line(report, "products").startsWith("90.0 of 123.5 GFLOP/s"), report.text());
    assertTrue(line(report, "decoding").startsWith("15.0 of 20.0 GB/s"), report.text());
    assertEquals(123.5, report.json().get("ceilingGflops"));
    assertEquals(15.0, report.json().get("packedGigabytesPerSecond"));
    assertEquals(List.of(), report.json().get("warnings"));
    assertFalse(report.text().contains("warning"), report.text());
  }

  @Test
  void eachWarningHasALine() {
    Report report = Examination.of("1.2.3", new Speed(100, 10, 20, 2));
    List<String> warnings = report.text().lines().filter(l -> l.startsWith("warning")).toList();
    assertEquals(2, warnings.size(), report.text());
    assertTrue(warnings.get(0).contains("float products reach only 10%"), report.text());
    assertTrue(warnings.get(1).contains("4-bit products reach only 10%"), report.text());
    assertEquals(2, ((List<?>) report.json().get("warnings")).size());
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

package dev.ashlar.cli.bench.widths;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.cli.bench.report.BenchException;
import dev.ashlar.cli.bench.report.Line;
import dev.ashlar.cli.bench.report.Measurements;
import dev.ashlar.cli.bench.report.Missing;
import dev.ashlar.cli.bench.report.Spread;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** Processes that take turns. */
class WidthRunsTest {
  private static Line line(String group, String name, String backend) {
    Spread spread = Spread.of(1, 2, 3);
    OptionalDouble none = OptionalDouble.empty();
    return new Line(group, name, backend, 1, "GB/s", "memory", spread, 1, 1, 1, none);
  }

  private static WidthProcess shell(String script) {
    Assumptions.assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "skipped: no /bin/sh");
    return new WidthProcess("vectors of 128 bits", List.of("/bin/sh", "-c", script));
  }

  private static String fault(String script) {
    try (WidthProcess p = shell(script)) {
      return assertThrows(BenchException.class, p::waiting).getMessage();
    }
  }

  @Test
  void aTurnIsALineOutAndALineIn() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    PrintStream printed = new PrintStream(out, true, StandardCharsets.UTF_8);
    LineTurns turns = new LineTurns(new ByteArrayInputStream("\n\n".getBytes()), printed, 256);
    turns.next(3, 20, "norms");
    turns.next(4, 20, "");
    BenchException e = assertThrows(BenchException.class, () -> turns.next(5, 20, "x"));
    assertTrue(e.getMessage().contains("ended"), e.getMessage());
    List<String> lines = out.toString(StandardCharsets.UTF_8).lines().toList();
    assertEquals(Optional.of(new TurnLine(256, 3, 20, "norms")), TurnLine.of(lines.getFirst()));
    assertEquals(Optional.of(new TurnLine(256, 4, 20, "")), TurnLine.of(lines.get(1)));
    assertTrue(TurnLine.of("turn 99999999999 1 2 x").isEmpty());
    assertTrue(TurnLine.of("{").isEmpty());
  }

  @Test
  void aProcessWaitsForItsTurn() {
    try (WidthProcess p =
        shell("echo turn 128 0 2 a; read x; echo turn 128 1 2 b; read x; echo '{}'")) {
      assertEquals("a", p.waiting().orElseThrow().what());
      p.go();
      assertEquals("b", p.waiting().orElseThrow().what());
      p.go();
      assertTrue(p.waiting().isEmpty());
      assertThrows(RuntimeException.class, p::measurements);
    }
  }

  @Test
  void aFailureIsItsOwnSentence() {
    assertEquals(
        "vectors of 128 bits: no such thing",
        fault(
            "echo WARNING >&2; echo 'ashlar: bench' >&2; echo 'ashlar: no such thing' >&2; exit 1"));
    assertTrue(
        fault("echo 'Unrecognized VM option' >&2; exit 3").contains("Unrecognized VM option"));
    assertTrue(fault("exit 3").contains("status 3"));
    assertThrows(
        BenchException.class, () -> new WidthProcess("x", List.of("/no/such/program")).close());
  }

  @Test
  void aProcessIsStartedAsThisOneWas() {
    List<String> words = JavaCommand.of(256, List.of("bench", "--filter=a b"));
    assertTrue(words.getFirst().endsWith("java"), words.getFirst());
    assertTrue(words.contains("-XX:MaxVectorSize=32"), words.toString());
    assertEquals(1, words.stream().filter(w -> w.startsWith("-XX:MaxVectorSize")).count());
    List<String> wide = JavaCommand.of(0, List.of("bench"));
    assertFalse(wide.stream().anyMatch(w -> w.startsWith("-XX:MaxVectorSize")), wide.toString());
    assertFalse(words.stream().anyMatch(w -> w.startsWith("-Dashlar.std")), words.toString());
    assertEquals(List.of("bench", "--filter=a b"), words.subList(words.size() - 2, words.size()));
  }

  @Test
  void linesOfTheSameWorkComeTogether() {
    Map<Integer, Measurements> byWidth = new LinkedHashMap<>();
    List<Line> ceilings = List.of(line("ceilings", "memory", "java"));
    byWidth.put(
        128,
        new Measurements(
            Map.of(),
            ceilings,
            List.of(
                line("g", "a", "reference"), line("g", "a", "vector"), line("g", "b", "vector"))));
    byWidth.put(
        256,
        new Measurements(
            Map.of(), ceilings, List.of(line("g", "a", "vector"), line("g", "b", "vector"))));
    Line device = line("g", "b", "tornado:0");
    Line.Key key = new Line.Key("g", "a", "tornado:0", 1);
    byWidth.put(
        0,
        new Measurements(
            Map.of(),
            List.of(),
            List.of(device),
            List.of(
                new Missing(key, "slow", false),
                new Missing(new Line.Key("g", "c", "tornado:0", 1), "slow", false))));
    Measurements all = WidthRuns.join(Map.of(), byWidth);
    assertEquals(
        List.of("tornado:0", "tornado:0"),
        all.missing().stream().map(m -> m.key().backend()).toList());
    assertEquals(
        List.of("java-128", "java-256"), all.ceilings().stream().map(Line::backend).toList());
    assertEquals(
        List.of(
            "a reference",
            "a vector-128",
            "a vector-256",
            "b vector-128",
            "b vector-256",
            "b tornado:0"),
        all.results().stream().map(l -> l.name() + " " + l.backend()).toList());
  }
}

package dev.ashlar.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.cli.bench.report.BenchException;
import dev.ashlar.cli.bench.report.Line;
import dev.ashlar.cli.bench.report.Measurements;
import dev.ashlar.cli.bench.report.Reports;
import dev.ashlar.cli.bench.report.Transfer;
import dev.ashlar.cli.console.Console;
import dev.ashlar.io.json.Json;
import dev.ashlar.io.json.JsonWriter;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** A device's lines beside the processor's. */
class BenchDeviceTest {
  private final FakeDevice fake = new FakeDevice();

  private Measurements measure(String... words) {
    PrintStream nowhere = new PrintStream(new ByteArrayOutputStream());
    Console console = new Console(nowhere, nowhere, false);
    return new Benchmark(
            console,
            new Benchmark.Selection(true, List.of(words), true),
            Turns.ALONE,
            Optional.of(new BenchDevice(fake, 0)))
        .run();
  }

  @Test
  void itsLinesStandBesideTheProcessors() {
    Measurements all = measure("packed products", "1 row, 1536x576 4 bits");
    assertEquals(
        List.of("reference", "vector", "fake:0"),
        all.results().stream().map(Line::backend).distinct().toList());
    Line line = all.results().getLast();
    Transfer ways = line.transfer().orElseThrow();
    assertEquals(2e-3, ways.toDevice(), 1e-12);
    assertEquals(1e-6, ways.fromDevice(), 1e-12);
    assertTrue(line.relativeL2().getAsDouble() < 1e-5);
    assertTrue(line.seconds().rounds() >= 3);
    assertEquals(
        List.of("multiply-adds of the device", "copying device memory"),
        all.ceilings().stream().filter(l -> l.backend().equals("fake:0")).map(Line::name).toList());
    assertTrue(all.results().getFirst().transfer().isEmpty());
    assertEquals(0, fake.there, "what was set up is taken off");
    assertTrue(fake.ever > 0);
    String text = all.report().text();
    assertTrue(text.matches("(?s).*  to 2[.0]* ms, from 1[.0]* µs.*"), text);
    byte[] json = JsonWriter.pretty(all.report().json()).getBytes(StandardCharsets.UTF_8);
    assertEquals(
        line.transfer(), Reports.of(Json.parse(json, "r"), "r").results().getLast().transfer());
    assertEquals("the first, fake 1.0", all.machine().get("device"));
  }

  @Test
  void eachKindOfWorkHasItsLine() {
    var names =
        Benchmark.groups(true, Optional.of(new BenchDevice(fake, 0))).stream()
            .flatMap(g -> g.cases().get().stream())
            .filter(c -> c.backend().equals("fake:0"))
            .map(Case::name)
            .collect(Collectors.toSet());
    for (String expected :
        List.of(
            "y = x·wᵀ 256x576x576",
            "dx = dy·w 256x576x576",
            "dw = dyᵀ·x 256x576x576",
            "1 row, 1536x576 3 bits g64",
            "32 rows, 1536x576 8 bits g64",
            "1 query, 2048 keys",
            "forward 1 of 256",
            "sign step 4096x2048 4 bits g128",
            "1 token of 32 sequences at 0",
            "1 token of 1 sequence at 2048",
            "32 tokens of 1 sequence at 0")) {
      assertTrue(names.contains(expected), expected + " of " + names);
    }
    assertEquals(0, fake.ever, "nothing is set up before it is needed");
  }

  @Test
  void aWrongAnswerIsNotTimed() {
    fake.wrong = true;
    String said =
        assertThrows(BenchException.class, () -> measure("packed products", "1536x576 4 bits"))
            .getMessage();
    assertTrue(said.contains("by fake:0"), said);
    assertEquals(0, fake.there);
  }
}

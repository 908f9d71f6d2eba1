package dev.ashlar.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.cli.bench.report.BenchException;
import dev.ashlar.cli.bench.report.Line;
import dev.ashlar.cli.bench.report.Measurements;
import dev.ashlar.cli.bench.report.Missing;
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
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** A device's lines beside the processor's. */
class BenchDeviceTest {
  private final FakeDevice fake = new FakeDevice();
  private Benchmark.Whose whose = Benchmark.Whose.EVERYBODYS;
  private int seconds;

  private Measurements measure(String... words) {
    PrintStream nowhere = new PrintStream(new ByteArrayOutputStream());
    Console console = new Console(nowhere, nowhere, false);
    return new Benchmark(
            console,
            new Benchmark.Selection(true, List.of(words), whose),
            Turns.ALONE,
            Deadline.in(seconds),
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
  void itsLinesCanBeHadAlone() {
    whose = Benchmark.Whose.THE_DEVICES;
    Measurements all = measure("1 row, 1536x576 4 bits");
    assertEquals(List.of("fake:0"), all.results().stream().map(Line::backend).toList());
    assertTrue(all.ceilings().stream().allMatch(l -> l.backend().equals("fake:0")));
    assertEquals(2, all.ceilings().size());
  }

  @Test
  void whatTheDeviceFailsAtIsSaidAndTheRestMeasured() {
    fake.failing = true;
    Measurements all = measure("packed products", "1 row, 1536x576 4 bits");
    assertEquals(
        List.of("reference", "vector"),
        all.results().stream().map(Line::backend).distinct().toList());
    Missing missing = all.missing().getFirst();
    assertEquals("fake:0", missing.key().backend());
    assertEquals("no kernel of the fake", missing.reason());
    assertTrue(missing.failed());
    assertEquals(1, all.failures());
    assertEquals(1, all.report().status());
    String text = all.report().text();
    assertTrue(text.contains("1 thr not measured: no kernel of the fake"), text);
    byte[] json = JsonWriter.pretty(all.report().json()).getBytes(StandardCharsets.UTF_8);
    assertEquals(all.missing(), Reports.of(Json.parse(json, "r"), "r").missing());
  }

  @Test
  void aRunEndsInItsTimeWhateverTheDeviceDoes() throws InterruptedException {
    fake.hanging = new CountDownLatch(1);
    seconds = 2;
    long start = System.nanoTime();
    Measurements all = measure("fake:0", "1 row, 1536x576");
    assertTrue(System.nanoTime() - start < 60e9);
    assertTrue(all.results().isEmpty());
    List<String> reasons = all.missing().stream().map(Missing::reason).distinct().toList();
    assertEquals(List.of("the run's 2 s were over"), reasons);
    assertEquals(0, all.failures());
    assertEquals(0, all.report().status());
    fake.hanging.countDown();
  }

  @Test
  void aLineThatHangsIsGivenUpAndTheNextSaysWhatItWaitsFor() throws InterruptedException {
    fake.hanging = new CountDownLatch(1);
    BenchDevice device = new BenchDevice(fake, 0);
    Case c =
        new Case("work", "fake:0", 1, Bound.DEVICE_MEMORY, 1, () -> fake.copy(new float[1]).run());
    Deadline never = Deadline.in(0);
    Stopwatch brief = new Stopwatch(3, 100_000, 1_000_000, 100_000_000);
    List<Case> twice =
        List.of(c.within(device.limit(c, 1, never)), c.within(device.limit(c, 1, never)));
    List<Stopwatch.Outcome> outcomes = brief.measure(twice, () -> {});
    assertEquals(
        new Stopwatch.Missed("its first call had not ended after 1 s in all", false),
        outcomes.getFirst());
    assertEquals(
        new Stopwatch.Missed("the device was still busy with work by fake:0 on 1 thread", false),
        outcomes.getLast());
    fake.hanging.countDown();
    Case again = c.within(device.limit(c, 60, never));
    assertInstanceOf(Stopwatch.Timing.class, brief.measure(List.of(again), () -> {}).getFirst());
  }

  @Test
  void callsThatCannotEndInTimeAreNotBegun() {
    BenchDevice device = new BenchDevice(fake, 0);
    AtomicInteger calls = new AtomicInteger();
    Case c =
        new Case(
            "work",
            "fake:0",
            1,
            Bound.DEVICE_MEMORY,
            1,
            () -> {
              calls.incrementAndGet();
              sleep(700);
            });
    Stopwatch brief = new Stopwatch(3, 100_000, 1_000_000, 100_000_000);
    Case limited = c.within(device.limit(c, 3, Deadline.in(0)));
    Stopwatch.Missed missed =
        (Stopwatch.Missed) brief.measure(List.of(limited), () -> {}).getFirst();
    assertTrue(
        missed.reason().matches("a call takes .* s, and 3 rounds .* 3 s for a line"),
        missed.reason());
    assertEquals(2, calls.get(), "the first and one to warm up");
  }

  private static void sleep(int millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
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

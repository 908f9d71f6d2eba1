package dev.ashlar.cli.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.io.json.Json;
import dev.ashlar.tensor.kernel.Backends;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code bench} measures, writes and refuses. */
class BenchCommandTest {
  @TempDir Path scratch;

  private static double number(Map<?, ?> facts, String key) {
    return ((Number) facts.get(key)).doubleValue();
  }

  @Test
  void measuresWhatTheFilterNames() {
    Map<String, Object> json =
        CommandRun.succeed("bench", "--quick", "--json", "--filter", "SoftMax").json();
    assertEquals("ashlar bench", json.get("report"));
    List<?> ceilings = (List<?>) json.get("ceilings");
    List<?> results = (List<?>) json.get("results");
    assertTrue(ceilings.size() >= 3, ceilings.toString());
    assertEquals(Backends.all().size(), results.size(), results.toString());
    for (Object result : results) {
      Map<?, ?> facts = (Map<?, ?>) result;
      assertTrue(facts.get("name").toString().startsWith("softmax"), facts.toString());
      assertTrue(number(facts, "rate") > 0, facts.toString());
      assertTrue(number(facts, "shareOfCeiling") > 0, facts.toString());
    }
    List<Object> all = new ArrayList<>(ceilings);
    all.addAll(results);
    for (Object line : all) {
      Map<?, ?> facts = (Map<?, ?>) line;
      assertTrue(number(facts, "rounds") >= 3, facts.toString());
      assertTrue(number(facts, "minSeconds") > 0, facts.toString());
      assertTrue(number(facts, "minSeconds") <= number(facts, "seconds"), facts.toString());
      assertTrue(number(facts, "seconds") <= number(facts, "maxSeconds"), facts.toString());
      assertTrue(number(facts, "firstSeconds") > 0, facts.toString());
    }
    Map<?, ?> reference = (Map<?, ?>) results.getFirst();
    assertEquals("reference", reference.get("backend"));
    assertNull(reference.get("relativeL2"));
    Map<?, ?> other = (Map<?, ?>) results.getLast();
    assertTrue(
        other == reference || number(other, "relativeL2") < 1e-6, "compared before it is timed");
  }

  @Test
  void refusesAFilterThatNothingPasses() {
    assertTrue(
        CommandRun.refused("bench", "--quick", "--filter", "no such thing").contains("no such"));
  }

  @Test
  void writesAReport() throws IOException {
    Path folder = scratch.resolve("report");
    CommandRun run =
        CommandRun.succeed("bench", "--quick", "--filter", "SoftMax", "--report", folder, "--json");
    assertTrue(run.err().contains("index.html"), run.err());
    assertEquals(
        run.json(), Json.readObject(folder.resolve("bench.json")), "what --json prints too");
    assertTrue(Files.readString(folder.resolve("index.html")).contains("softmax of"));
    Path file = Files.writeString(scratch.resolve("file"), "");
    assertTrue(CommandRun.refused("bench", "--report", file).contains("expected a folder"));
  }

  @Test
  void measuresEveryWidthOfVectors() {
    Assumptions.assumeTrue(Backends.chosen().name().equals("vector"), "skipped: no vectors");
    Map<String, Object> json =
        CommandRun.succeed("bench", "--quick", "--widths", "--filter", "SoftMax", "--json").json();
    List<?> widths = (List<?>) json.get("widths");
    assertTrue(widths.contains(128L), widths.toString());
    List<?> results = (List<?>) json.get("results");
    assertEquals(1 + widths.size(), results.size(), results.toString());
    assertEquals("reference", ((Map<?, ?>) results.getFirst()).get("backend"));
    assertEquals("vector-128", ((Map<?, ?>) results.get(1)).get("backend"));
    String refusal = CommandRun.refused("bench", "--quick", "--widths", "--filter", "no such");
    assertTrue(refusal.contains("no such"), refusal);
  }

  /** A report with one line, which took so many seconds. */
  private Path report(String name, String line, double seconds) throws IOException {
    String json =
        """
        {"report": "ashlar bench", "processor": "%s", "ceilings": [], "results": [{"group": "g",
         "name": "%s", "backend": "vector", "threads": 1, "seconds": %s, "minSeconds": %s,
         "maxSeconds": %s, "rounds": 3, "firstSeconds": 1, "warmUpSeconds": 1, "rate": 1,
         "unit": "GB/s", "ceiling": "c"}]}
        """
            .formatted(name, line, seconds, 0.9 * seconds, 1.1 * seconds);
    return Files.writeString(scratch.resolve(name + ".json"), json);
  }

  @Test
  void comparesTwoReports() throws IOException {
    Path slow = report("slow", "work", 3);
    Path fast = report("fast", "work", 2);
    Path near = report("near", "work", 2.2);
    Map<String, Object> json =
        CommandRun.succeed("bench", "--compare", slow, fast, "--json").json();
    assertEquals("slow", ((Map<?, ?>) json.get("a")).get("processor"));
    Map<?, ?> line = (Map<?, ?>) ((List<?>) json.get("lines")).getFirst();
    assertEquals(1.5, number(line, "ratio"));
    assertEquals(true, line.get("apart"));
    String text = CommandRun.succeed("bench", "--compare", slow, fast).out();
    assertTrue(text.contains("1.50 *"), text);
    assertTrue(text.contains("A slow") && text.contains("B fast"), text);
    text = CommandRun.succeed("bench", "--compare", near, fast).out();
    assertTrue(text.contains("1.10\n") && !text.contains("1.10 *"), text);
    Path other = report("other", "more", 1);
    text = CommandRun.succeed("bench", "--compare", slow, other).out();
    assertTrue(text.contains("only in A\n  g: work, vector, 1 thread"), text);
    assertTrue(text.contains("only in B\n  g: more, vector, 1 thread"), text);
  }

  @Test
  void comparesReportsAlone() throws IOException {
    Path one = report("one", "work", 1);
    Path none = scratch.resolve("none.json");
    assertTrue(CommandRun.refused("bench", "--compare", one, none).contains("none.json"));
    Path odd = Files.writeString(scratch.resolve("odd.json"), "{\"perplexity\": 4}");
    assertTrue(CommandRun.refused("bench", "--compare", odd, one).contains("is not a report"));
    Path binary = Files.write(scratch.resolve("binary"), new byte[] {0, 1, (byte) 0xff});
    CommandRun.refused("bench", "--compare", one, binary);
    CommandRun.refused("bench", "--compare", scratch, one);
    Object[][] wrong = {
      {"bench", "--compare", one},
      {"bench", "--compare", one, one, one},
      {"bench", "--compare", one, one, "--compare", one, one},
      {"bench", "--compare", one, one, "--filter", "x"},
      {"bench", "--compare", one, one, "--quick"},
      {"bench", "--compare", one, one, "--report", scratch},
      {"bench", "--compare", one, one, "--widths"},
      {"bench", "--compare", one, one, "--threads", 1},
    };
    for (Object[] words : wrong) {
      CommandRun run = CommandRun.of(words);
      assertEquals(2, run.status(), List.of(words) + run.out() + run.err());
      assertEquals(1, run.err().lines().count(), run.err());
    }
  }

  /** The tests run without TornadoVM. */
  @Test
  void aDeviceThatIsNotThereIsOneSentence() {
    for (String option : List.of("--gpu", "--gpu=tornado:0")) {
      String said = CommandRun.refused("bench", "--quick", option);
      assertTrue(said.contains("TORNADOVM_HOME"), said);
      assertEquals(1, said.strip().lines().count(), said);
    }
    assertTrue(misused("--gpu=cuda").contains("as in tornado:0: cuda"));
    assertTrue(misused("--gpu=tornado:x").contains("the number of a device"));
    assertTrue(misused("--time=0").contains("--time takes"));
    assertTrue(misused("--only-device").contains("needs --gpu"));
    assertTrue(misused("--gpu", "--compare", "a", "b").contains("--gpu has no effect"));
  }

  @Test
  void aRunThatHasNoTimeSaysWhatItLeftOut() {
    Map<String, Object> json =
        CommandRun.succeed("bench", "--quick", "--time", 1, "--filter", "SoftMax", "--json").json();
    assertEquals(1L, json.get("seconds"));
    List<?> missing = (List<?>) json.get("notMeasured");
    List<?> results = (List<?>) json.get("results");
    assertEquals(
        Backends.all().size(),
        results.size()
            + missing.stream()
                .filter(m -> ((Map<?, ?>) m).get("name").toString().startsWith("softmax"))
                .count());
    assertTrue(missing.toString().contains("the run's 1 s were over"), missing.toString());
  }

  /** Each process of a width is there before the device's is missed. */
  @Test
  void aDeviceThatIsNotThereIsTheSameSentenceBesideWidths() {
    Assumptions.assumeTrue(Backends.chosen().name().equals("vector"), "skipped: no vectors");
    String said =
        CommandRun.refused("bench", "--quick", "--widths", "--gpu", "--filter", "SoftMax");
    assertTrue(said.contains("the device: there is no device of tornado"), said);
  }

  private static String misused(String... words) {
    List<Object> all = new ArrayList<>(List.of("bench"));
    all.addAll(List.of(words));
    CommandRun run = CommandRun.of(all.toArray());
    assertEquals(2, run.status(), run.err());
    assertEquals("", run.out());
    return run.err();
  }
}

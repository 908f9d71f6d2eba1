package dev.ashlar.cli.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.io.InputException;
import dev.ashlar.io.json.Json;
import dev.ashlar.io.json.JsonWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is written is read back, and nothing else is. */
class ReportsTest {
  @TempDir Path scratch;

  private static Map<String, Object> json() {
    String text = JsonWriter.pretty(Samples.plain().report().json());
    return Json.parseObject(text.getBytes(StandardCharsets.UTF_8), "json");
  }

  private static String refusal(Object value) {
    InputException e = assertThrows(InputException.class, () -> Reports.of(value, "x.json"));
    assertTrue(e.getMessage().startsWith("x.json: "), e.getMessage());
    assertEquals(1, e.getMessage().lines().count());
    return e.getMessage();
  }

  /** The report whose first result has another value under a key. */
  private static Map<String, Object> with(String key, Object value) {
    Map<String, Object> json = new LinkedHashMap<>(json());
    List<Object> results = new ArrayList<>((List<?>) json.get("results"));
    Map<String, Object> first = new LinkedHashMap<>(Json.asObject(results.getFirst(), "line"));
    first.put(key, value);
    results.set(0, first);
    json.put("results", results);
    return json;
  }

  @Test
  void aReportIsReadBackAsItWas() throws IOException {
    Path file = scratch.resolve("bench.json");
    Files.writeString(file, JsonWriter.pretty(Samples.plain().report().json()));
    Measurements back = Reports.read(file);
    assertEquals(Samples.plain(), back);
    assertEquals(0.5, back.share(back.results().get(1)), 1e-12);
    assertTrue(Double.isNaN(back.share(back.ceilings().getFirst())));
  }

  @Test
  void soIsWhatItLacks() {
    byte[] json =
        JsonWriter.pretty(Samples.lacking().report().json()).getBytes(StandardCharsets.UTF_8);
    assertEquals(Samples.lacking(), Reports.of(Json.parse(json, "x"), "x"));
    assertEquals(List.of("products", "norms", "attention"), Samples.lacking().groups());
    assertEquals(1, Samples.lacking().report().status());
    Map<String, Object> old = new LinkedHashMap<>(json());
    old.remove("notMeasured");
    assertEquals(Samples.plain(), Reports.of(old, "x"));
    old.put("notMeasured", "x");
    assertTrue(refusal(old).contains("notMeasured"));
    old.put("notMeasured", List.of(7L));
    assertTrue(refusal(old).contains("notMeasured[0]"));
    old.put("notMeasured", List.of(Map.of("group", "g")));
    assertTrue(refusal(old).contains("notMeasured[0].name"));
  }

  @Test
  void whatIsNoReportIsRefused() throws IOException {
    assertTrue(refusal(Map.of("perplexity", 4.2)).contains("is not a report"));
    assertTrue(refusal(List.of()).contains("is not a report"));
    assertTrue(refusal(null).contains("is not a report"));
    Map<String, Object> json = new LinkedHashMap<>(json());
    json.remove("ceilings");
    assertTrue(refusal(json).contains("ceilings"));
    json.put("ceilings", List.of("x"));
    assertTrue(refusal(json).contains("ceilings[0]"));
    Path broken = Files.writeString(scratch.resolve("broken.json"), "{\"report\": ");
    assertThrows(InputException.class, () -> Reports.read(broken));
    assertThrows(InputException.class, () -> Reports.read(scratch));
    assertThrows(InputException.class, () -> Reports.read(scratch.resolve("none")));
  }

  @Test
  void aFaultyLineIsNamed() {
    Object[][] faults = {
      {"seconds", 0.0},
      {"seconds", -1.0},
      {"seconds", "fast"},
      {"seconds", null},
      {"seconds", 1000.0},
      {"minSeconds", Double.NaN},
      {"maxSeconds", Double.POSITIVE_INFINITY},
      {"rounds", 2.5},
      {"threads", 0L},
      {"threads", 1L << 40},
      {"name", 7L},
      {"name", "x".repeat(10_000)},
      {"rate", List.of()},
      {"relativeL2", -1.0},
    };
    for (Object[] f : faults) {
      String said = refusal(with((String) f[0], f[1]));
      assertTrue(said.contains("results[0]."), said);
    }
    Map<String, Object> twice = new LinkedHashMap<>(json());
    List<?> results = (List<?>) twice.get("results");
    twice.put("results", List.of(results.getFirst(), results.getFirst()));
    assertTrue(refusal(twice).contains("results[1]"));
  }

  @Test
  void charactersThatTurnATerminalAreNotShown() {
    Measurements all = Reports.of(with("name", "a\u001b[2Jb\u202e\nc"), "x.json");
    assertEquals("a\ufffd[2Jb\ufffd\ufffdc", all.results().getFirst().name());
    assertFalse(all.report().text().contains("\u001b"));
  }
}

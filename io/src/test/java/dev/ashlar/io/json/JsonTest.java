package dev.ashlar.io.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.io.InputException;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
  @TempDir Path scratch;

  private static Object parse(String text) {
    return Json.parse(text.getBytes(StandardCharsets.UTF_8), "test.json");
  }

  @Test
  void readsPlainValuesWithoutCoercion() {
    assertEquals(
        Map.of(
            "a",
            List.of(1L, -2L, 1.0, 1e-5),
            "b",
            true,
            "c",
            "\u00e9\ud83d\ude00",
            "d",
            new BigInteger("18446744073709551615"),
            "e",
            Map.of()),
        parse(
            "{\"a\": [1, -2, 1.0, 1e-05], \"b\": true, \"c\": \"\\u00e9\\ud83d\\ude00\","
                + " \"d\": 18446744073709551615, \"e\": {}}"));
    assertEquals(Arrays.asList((Object) null), parse("[null]"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "{",
        "[1,]",
        "{\"a\":1,\"a\":2}",
        "{\"x\":{\"a\":1,\"a\":1}}",
        "{} {}",
        "1 2",
        "NaN",
        "[Infinity]",
        "1e999",
        "\"\\ud800\"",
        "{\"\\udc00\":1}",
        "{'a':1}",
        "\ufeff{}",
        "01",
        "[1] x",
        "\"a\nb\"",
        "// c\n1"
      })
  void refuses(String text) {
    InputException e = assertThrows(InputException.class, () -> parse(text));
    assertTrue(e.getMessage().startsWith("test.json"), e.getMessage());
    assertTrue(!e.getMessage().contains("\n"), e.getMessage());
  }

  @Test
  void configurationsMayHoldWhatPythonWrites() throws IOException {
    Path file = scratch.resolve("config.json");
    String text = "{\n  \"limit\": [\n    0.0,\n    Infinity,\n    -Infinity,\n    NaN\n  ]\n}\n";
    Files.writeString(file, text);
    Map<String, Object> read = Json.readObject(file);
    assertEquals(
        List.of(0.0, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, Double.NaN),
        read.get("limit"));
    assertEquals(text, JsonWriter.pretty(read));
    Files.writeString(file, "{\"a\": 1e999, \"b\": -1e999}");
    assertEquals(
        Map.of("a", Double.POSITIVE_INFINITY, "b", Double.NEGATIVE_INFINITY),
        Json.readObject(file));
    assertThrows(InputException.class, () -> Json.read(file, 100));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "+Infinity",
        "INF",
        "-INF",
        "nan",
        "-NaN",
        "infinity",
        "Inf",
        "NaNs",
        "--Infinity"
      })
  void noOtherWordIsANumber(String word) throws IOException {
    Path file = scratch.resolve("config.json");
    Files.writeString(file, "{\"a\": " + word + "}");
    assertThrows(InputException.class, () -> Json.readObject(file));
  }

  @Test
  void refusesIllFormedUtf8AndDepth() {
    byte[] bad = {'"', (byte) 0xC3, 0x28, '"'};
    assertThrows(InputException.class, () -> Json.parse(bad, "x"));
    byte[] surrogate = {'"', (byte) 0xED, (byte) 0xA0, (byte) 0x80, '"'};
    assertThrows(InputException.class, () -> Json.parse(surrogate, "x"));
    String deep = "[".repeat(20_000) + "]".repeat(20_000);
    assertThrows(InputException.class, () -> parse(deep));
    assertThrows(InputException.class, () -> parse("1".repeat(5000)));
  }

  @Test
  void writesNumbersAsPythonDoes() {
    assertEquals(
        "[1e-05,0.0001,10000.0,1e+16,0.02,-2.5,0.0,1.5e-07,1e-05,12345678.0]",
        JsonWriter.compact(
            List.of(1e-5, 1e-4, 10000.0, 1e16, 0.02, -2.5, 0.0, 1.5e-7, 1e-5f, 12345678.0)));
  }

  @Test
  void writesWhatItReads() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("z", "q\"\\\n\u0001\u20ac");
    map.put("a", Arrays.asList(1, null, false, List.of(), Map.of()));
    String pretty = JsonWriter.pretty(map);
    assertEquals(
        "{\n  \"z\": \"q\\\"\\\\\\n\\u0001\u20ac\",\n  \"a\": [\n    1,\n    null,\n    false,\n"
            + "    [],\n    {}\n  ]\n}\n",
        pretty);
    assertEquals(pretty, JsonWriter.pretty(parse(pretty)));
    assertEquals(parse(pretty), parse(JsonWriter.compact(map)));
  }
}

package dev.ashlar.engine.data;

import dev.ashlar.io.InputException;
import dev.ashlar.io.json.Json;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Records of a file: JSON objects, one a line, or a list of them, which may be the value of an
 * object's key {@code rows} or {@code data} and have each record inside a key {@code row}, as the
 * hub's own viewer gives them.
 */
public final class JsonRecords {
  private JsonRecords() {}

  /**
   * The records by where they stand; none if the file is running text, as {@link TextFiles#read}
   * decides it.
   *
   * @throws InputException if it cannot be read, or begins with a record and has something else
   */
  public static Map<String, Map<String, Object>> read(Path file) {
    if (!TextFiles.mayHoldRecords(file)) {
      return Map.of();
    }
    String text = TextFiles.decoded(file);
    boolean lines = JsonDocuments.looksLikeLines(text);
    if (lines && !TextFiles.isList(file)) {
      return lines(file, text);
    }
    if (!text.strip().startsWith("[") && !text.strip().startsWith("{")) {
      return Map.of();
    }
    try {
      return entries(file, list(JsonDocuments.parsed(text, file.toString())));
    } catch (InputException e) {
      if (lines) {
        return lines(file, text);
      }
      if (TextFiles.isList(file)) {
        throw e;
      }
      // A text may begin with a bracket.
      return Map.of();
    }
  }

  private static Map<String, Map<String, Object>> lines(Path file, String text) {
    Map<String, Map<String, Object>> records = new LinkedHashMap<>();
    int number = 0;
    for (String line : text.split("\n", -1)) {
      number++;
      if (!line.isBlank()) {
        String where = file + ", line " + number;
        records.put(where, Json.asObject(JsonDocuments.parsed(line, where), where));
      }
    }
    return records;
  }

  private static Map<String, Map<String, Object>> entries(Path file, List<?> list) {
    Map<String, Map<String, Object>> records = new LinkedHashMap<>();
    for (int i = 0; i < list.size(); i++) {
      if (!(list.get(i) instanceof Map<?, ?> map)) {
        return Map.of();
      }
      String where = file + ", entry " + (i + 1);
      Object inner = map.get("row") instanceof Map<?, ?> row ? row : map;
      records.put(where, Json.asObject(inner, where));
    }
    return records;
  }

  private static List<?> list(Object json) {
    if (json instanceof List<?> list) {
      return list;
    }
    if (json instanceof Map<?, ?> map) {
      for (String key : List.of("rows", "data")) {
        if (map.get(key) instanceof List<?> list) {
          return list;
        }
      }
    }
    return List.of();
  }
}

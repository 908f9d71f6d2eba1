package dev.ashlar.engine.data;

import dev.ashlar.io.InputException;
import dev.ashlar.io.json.Json;
import dev.ashlar.tuning.calibration.Documents;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Documents in JSON: one a line, or a list of them. A document is a string, or an object with the
 * key {@code text}, {@code input_ids} (a list of token ids), {@code messages} or {@code
 * conversations} (a conversation), or with a single key that all of a file have.
 */
final class JsonDocuments {
  private static final String TEXT = "text";
  private static final String IDS = "input_ids";

  /** Keys under which files keep conversations. */
  private static final List<String> CHATS = List.of("messages", "conversations", "conversation");

  private final String file;

  /**
   * @param file what faults call it
   */
  JsonDocuments(String file) {
    this.file = file;
  }

  /** Whether the first lines that are not blank are JSON objects, each complete by itself. */
  static boolean looksLikeLines(String text) {
    List<String> first = text.lines().filter(line -> !line.isBlank()).limit(2).toList();
    return !first.isEmpty() && first.stream().allMatch(JsonDocuments::isObject);
  }

  private static boolean isObject(String line) {
    if (!line.strip().startsWith("{")) {
      return false;
    }
    try {
      return parsed(line, "") instanceof Map<?, ?>;
    } catch (InputException e) {
      return false;
    }
  }

  /** A document for each line that is not blank. */
  List<Documents.Document> lines(String text) {
    List<Documents.Document> documents = new ArrayList<>();
    String key = null;
    int number = 0;
    for (String line : text.split("\n", -1)) {
      number++;
      if (!line.isBlank()) {
        String where = file + ", line " + number;
        Object entry = parsed(line, where);
        key = key == null ? key(entry) : key;
        documents.add(document(entry, key, where));
      }
    }
    return documents;
  }

  /** The entries of a list, which may be the value of an object's only key, or of several. */
  List<Documents.Document> list(String text) {
    Object json;
    try {
      json = parsed(text, file);
    } catch (InputException e) {
      if (looksLikeLines(text)) {
        return lines(text);
      }
      throw e;
    }
    List<?> entries = entries(json);
    List<Documents.Document> documents = new ArrayList<>();
    String key = entries.isEmpty() ? TEXT : key(entries.getFirst());
    for (int i = 0; i < entries.size(); i++) {
      documents.add(document(entries.get(i), key, file + ", entry " + (i + 1)));
    }
    return documents;
  }

  private List<?> entries(Object json) {
    if (json instanceof List<?> list) {
      return list;
    }
    if (json instanceof Map<?, ?> map) {
      Object only = map.size() == 1 ? map.values().iterator().next() : map.get(TEXT);
      if (only instanceof List<?> list) {
        return list;
      }
      if (only instanceof String || map.get(IDS) != null || chat(map).isPresent()) {
        return List.of(map);
      }
      if (!map.isEmpty() && map.values().stream().allMatch(String.class::isInstance)) {
        return List.copyOf(map.values());
      }
    }
    throw new InputException(
        file + ": expected a list of texts, or of objects with a key \"text\"");
  }

  /** A JSON value, {@code where} being what faults call it. */
  static Object parsed(String json, String where) {
    return Json.parse(json.getBytes(StandardCharsets.UTF_8), where);
  }

  /** The key that holds the text of a file's objects, as the first of them says. */
  private static String key(Object first) {
    if (!(first instanceof Map<?, ?> map) || map.containsKey(TEXT)) {
      return TEXT;
    }
    if (map.containsKey(IDS)) {
      return IDS;
    }
    Optional<String> chat = chat(map);
    if (chat.isPresent()) {
      return chat.get();
    }
    return map.size() == 1 ? (String) map.keySet().iterator().next() : TEXT;
  }

  /** The key under which an object has a conversation. */
  private static Optional<String> chat(Map<?, ?> map) {
    return CHATS.stream().filter(key -> map.get(key) instanceof List<?>).findFirst();
  }

  private static Documents.Document document(Object entry, String key, String where) {
    Object content = entry;
    if (entry instanceof Map<?, ?> map) {
      content = map.get(key);
      if (content == null) {
        throw new InputException(where + ": the object has no key \"" + key + "\"");
      }
    }
    if (content instanceof List<?> ids && key.equals(IDS)) {
      return new Documents.Tokens(tokens(ids, where));
    }
    if (content instanceof List<?> list && !list.isEmpty() && list.getFirst() instanceof Map) {
      return new Documents.Chat(messages(list, where));
    }
    if (!(content instanceof String string)) {
      throw new InputException(
          where + ": expected text (a string), found " + Json.describe(content));
    }
    return new Documents.Text(string);
  }

  /** Messages with a role and a content, or a sender and a value, as older files have them. */
  private static List<Map<String, Object>> messages(List<?> list, String where) {
    List<Map<String, Object>> messages = new ArrayList<>();
    for (Object entry : list) {
      Map<String, Object> message = Json.asObject(entry, where + ": a message");
      if (message.get("from") instanceof String sender && message.containsKey("value")) {
        message = Map.of("role", role(sender), "content", message.get("value"));
      }
      if (!(message.get("role") instanceof String)) {
        throw new InputException(where + ": a message of a conversation has no \"role\"");
      }
      messages.add(message);
    }
    return List.copyOf(messages);
  }

  private static String role(String sender) {
    return switch (sender) {
      case "human" -> "user";
      case "gpt", "bot", "model" -> "assistant";
      default -> sender;
    };
  }

  private static int[] tokens(List<?> list, String where) {
    int[] ids = new int[list.size()];
    for (int i = 0; i < ids.length; i++) {
      if (!(list.get(i) instanceof Long id) || id < 0 || id > Integer.MAX_VALUE) {
        throw new InputException(
            where + ": expected a token id, found " + Json.describe(list.get(i)));
      }
      ids[i] = id.intValue();
    }
    return ids;
  }
}

package dev.ashlar.text.tokenizer.folder;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes the components of a {@code tokenizer.json}. */
final class Components {
  static final String MARK = "▁";

  private Components() {}

  /** A component of a type with its members, given as names and values in turn. */
  static Map<String, Object> of(String type, Object... members) {
    Map<String, Object> component = new LinkedHashMap<>();
    component.put("type", type);
    for (int i = 0; i < members.length; i += 2) {
      component.put((String) members[i], members[i + 1]);
    }
    return component;
  }

  /** Steps one after the other; the name of their list differs by kind. */
  static Map<String, Object> sequence(String list, List<?> steps) {
    return of("Sequence", list, new ArrayList<>(steps));
  }

  static Map<String, Object> byteLevel(boolean prefixSpace, boolean pattern) {
    return of(
        "ByteLevel", "add_prefix_space", prefixSpace, "trim_offsets", true, "use_regex", pattern);
  }

  static Map<String, Object> metaspace(String scheme, boolean split) {
    return of("Metaspace", "replacement", MARK, "prepend_scheme", scheme, "split", split);
  }

  static Map<String, Object> replace(String text, String content) {
    return of("Replace", "pattern", Map.of("String", text), "content", content);
  }

  static Map<String, Object> replaceAll(String regex, String content) {
    return of("Replace", "pattern", Map.of("Regex", regex), "content", content);
  }

  static Map<String, Object> isolate(String regex) {
    return of("Split", "pattern", Map.of("Regex", regex), "behavior", "Isolated", "invert", false);
  }

  static Map<String, Object> stripFirstSpace() {
    return of("Strip", "content", " ", "start", 1L, "stop", 0L);
  }

  static Map<String, Object> precompiled(String base64) {
    return of("Precompiled", "precompiled_charsmap", base64);
  }

  /** Tokens around a text, each with its id. */
  static Map<String, Object> around(List<Special> before, List<Special> after) {
    Map<String, Object> specials = new LinkedHashMap<>();
    List<Object> single = new ArrayList<>();
    before.forEach(token -> single.add(piece(token, specials)));
    single.add(Map.of("Sequence", Map.of("id", "A", "type_id", 0L)));
    after.forEach(token -> single.add(piece(token, specials)));
    return of("TemplateProcessing", "single", single, "special_tokens", specials);
  }

  private static Map<String, Object> piece(Special token, Map<String, Object> specials) {
    specials.put(
        token.content(),
        Map.of(
            "id", token.content(),
            "ids", List.of((long) token.id()),
            "tokens", List.of(token.content())));
    return Map.of("SpecialToken", Map.of("id", token.content(), "type_id", 0L));
  }

  /** A token around a text. */
  record Special(String content, int id) {}
}

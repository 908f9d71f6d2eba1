package dev.ashlar.text.chat;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Finds the templates in a GGUF file's metadata: {@code tokenizer.chat_template}, and those with
 * names as {@code tokenizer.chat_template.NAME}. Special tokens are given there by their ids.
 */
final class MetadataTemplates {
  private static final String KEY = "tokenizer.chat_template";
  private static final Map<String, String> SPECIAL =
      Map.of(
          "bos_token", "bos",
          "eos_token", "eos",
          "unk_token", "unknown",
          "sep_token", "separator",
          "pad_token", "padding",
          "cls_token", "cls",
          "mask_token", "mask");

  private MetadataTemplates() {}

  static Optional<ChatTemplate> read(Path file, Map<String, Object> metadata) {
    Map<String, String> found = new LinkedHashMap<>();
    metadata.forEach(
        (key, value) -> {
          if (value instanceof String template) {
            if (key.equals(KEY)) {
              found.put(ChatTemplate.DEFAULT, template);
            } else if (key.startsWith(KEY + ".")) {
              found.putIfAbsent(key.substring(KEY.length() + 1), template);
            }
          }
        });
    return found.isEmpty()
        ? Optional.empty()
        : Optional.of(ChatTemplate.named(found, specialTokens(metadata), file.toString()));
  }

  private static Map<String, String> specialTokens(Map<String, Object> metadata) {
    Map<String, String> tokens = new LinkedHashMap<>();
    if (metadata.get("tokenizer.ggml.tokens") instanceof List<?> vocabulary) {
      SPECIAL.forEach(
          (name, kind) -> {
            Object id = metadata.get("tokenizer.ggml." + kind + "_token_id");
            if (id == null && kind.equals("separator")) {
              // As the specification spells it.
              id = metadata.get("tokenizer.ggml.seperator_token_id");
            }
            boolean inside = id instanceof Long n && n >= 0 && n < vocabulary.size();
            if (inside && vocabulary.get(((Long) id).intValue()) instanceof String token) {
              tokens.put(name, token);
            }
          });
    }
    return tokens;
  }
}

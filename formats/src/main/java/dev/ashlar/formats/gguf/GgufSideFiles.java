package dev.ashlar.formats.gguf;

import dev.ashlar.formats.gguf.family.GgufFields;
import dev.ashlar.io.file.AtomicFile;
import dev.ashlar.io.json.JsonWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Rebuilds from GGUF metadata the files that a Hugging Face folder has beside its weights: {@code
 * tokenizer.json}, {@code tokenizer_config.json} and {@code generation_config.json}.
 *
 * @param config the translated configuration
 */
record GgufSideFiles(GgufFields fields, Map<String, Object> config) {
  private static final String TEMPLATE = "tokenizer.chat_template";
  private static final String EOS = "eos_token_id";

  /** Writers put -1 where there is none, which is read as a number beyond this one. */
  private static final long LARGEST_ID = Integer.MAX_VALUE;

  private static final List<String> TOKENS = List.of("bos", "eos", "pad");

  /** Writes the files. */
  void write(Path folder) {
    // All are made before any is written: a refusal leaves no half of a tokenizer.
    contents().forEach((name, content) -> AtomicFile.write(folder.resolve(name), content));
  }

  /**
   * The files by name.
   *
   * @throws dev.ashlar.io.InputException if the file's tokenizer has no form there
   */
  Map<String, String> contents() {
    Map<String, String> contents = new LinkedHashMap<>();
    contents.put("generation_config.json", JsonWriter.pretty(generationConfig()));
    if (fields.values().containsKey("tokenizer.ggml.model")) {
      contents.put("tokenizer.json", JsonWriter.pretty(new GgufTokenizerJson(fields).build()));
      contents.put("tokenizer_config.json", JsonWriter.pretty(tokenizerConfig()));
    }
    return contents;
  }

  /** The settings for generating; a file's ends of turns and of messages end texts too. */
  Map<String, Object> generationConfig() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("_from_model_config", true);
    for (String kind : TOKENS) {
      Object id = config.get(kind + "_token_id");
      if (id != null) {
        json.put(kind + "_token_id", id);
      }
    }
    Set<Object> ends = new LinkedHashSet<>();
    if (json.get(EOS) instanceof Long eos) {
      ends.add(eos);
    }
    for (String kind : List.of("eot", "eom")) {
      Object id = fields.values().get("tokenizer.ggml." + kind + "_token_id");
      if (id instanceof Number n && n.longValue() >= 0 && n.longValue() <= LARGEST_ID) {
        ends.add(n.longValue());
      }
    }
    if (ends.size() > 1 || json.get(EOS) == null && !ends.isEmpty()) {
      json.put(EOS, List.copyOf(ends));
    }
    return json;
  }

  private Map<String, Object> tokenizerConfig() {
    Map<String, Object> json = new LinkedHashMap<>();
    GgufTokenizerJson tokenizer = new GgufTokenizerJson(fields);
    json.put("add_bos_token", tokenizer.opens());
    json.put("add_eos_token", tokenizer.ends());
    token(json, "bos_token", "bos");
    token(json, "eos_token", "eos");
    token(json, "unk_token", "unknown");
    token(json, "pad_token", "padding");
    Object template = chatTemplate();
    if (template != null) {
      json.put("chat_template", template);
    }
    json.put("clean_up_tokenization_spaces", false);
    json.put("model_max_length", context());
    json.put("tokenizer_class", "PreTrainedTokenizerFast");
    return json;
  }

  private Object context() {
    Object architecture = fields.values().get("general.architecture");
    return fields.values().get(architecture + ".context_length");
  }

  /** The chat template, or a list of all of them by name if there are several; null for none. */
  private Object chatTemplate() {
    String plain = fields.text(TEMPLATE, null);
    List<Map<String, String>> named = new ArrayList<>();
    if (plain != null) {
      named.add(Map.of("name", "default", "template", plain));
    }
    for (Map.Entry<String, Object> e : fields.values().entrySet()) {
      if (e.getKey().startsWith(TEMPLATE + ".") && e.getValue() instanceof String template) {
        String name = e.getKey().substring(TEMPLATE.length() + 1);
        named.add(Map.of("name", name, "template", template));
      }
    }
    return named.size() > 1 || plain == null && !named.isEmpty() ? named : plain;
  }

  private void token(Map<String, Object> json, String key, String kind) {
    List<?> tokens = fields.list("tokenizer.ggml.tokens");
    OptionalLong id =
        kind.equals("padding") ? fields.dispensable(kind, tokens.size()) : fields.token(kind);
    id.ifPresent(i -> json.put(key, tokens.get((int) i)));
  }
}

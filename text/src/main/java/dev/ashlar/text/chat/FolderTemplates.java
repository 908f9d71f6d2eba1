package dev.ashlar.text.chat;

import dev.ashlar.io.InputException;
import dev.ashlar.io.file.WholeFile;
import dev.ashlar.io.json.Json;
import dev.ashlar.text.tokenizer.folder.TokenizerFolder;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Finds the templates of a model folder, where transformers looks for them:
 *
 * <table>
 * <caption>in this order</caption>
 * <tr><td>{@code chat_template.jinja}</td><td>the template itself</td></tr>
 * <tr><td>{@code tokenizer_config.json}</td><td>{@code chat_template}: text, or a list of {@code
 * {"name", "template"}}</td></tr>
 * <tr><td>{@code chat_template.json}</td><td>{@code chat_template}: text (of older processors)</td>
 * </tr>
 * <tr><td>{@code additional_chat_templates/NAME.jinja}</td><td>more of them</td></tr>
 * </table>
 */
final class FolderTemplates {
  private static final int MAX_BYTES = 4 << 20;
  private static final String KEY = "chat_template";
  private static final String SUFFIX = ".jinja";

  private FolderTemplates() {}

  static Optional<ChatTemplate> read(Path folder) {
    Map<String, Object> config = object(folder.resolve("tokenizer_config.json"));
    Map<String, String> found = new LinkedHashMap<>();
    Path origin = folder.resolve("tokenizer_config.json");
    Path file = folder.resolve(KEY + SUFFIX);
    Path legacy = folder.resolve(KEY + ".json");
    if (Files.exists(file)) {
      origin = file;
      found.put(ChatTemplate.DEFAULT, text(file));
    } else if (config.get(KEY) != null) {
      found.putAll(templates(config.get(KEY), origin));
    } else if (object(legacy).get(KEY) != null) {
      origin = legacy;
      found.putAll(templates(object(legacy).get(KEY), legacy));
    }
    additional(folder.resolve("additional_chat_templates"), found);
    return found.isEmpty()
        ? Optional.empty()
        : Optional.of(
            ChatTemplate.named(found, TokenizerFolder.specialTokens(folder), origin.toString()));
  }

  private static Map<String, Object> object(Path file) {
    return Files.exists(file) ? Json.readObject(file) : Map.of();
  }

  private static Map<String, String> templates(Object value, Path file) {
    if (value instanceof String one) {
      return Map.of(ChatTemplate.DEFAULT, one);
    }
    Map<String, String> templates = new LinkedHashMap<>();
    for (Object element : value instanceof List<?> list ? list : List.of(value)) {
      boolean named =
          element instanceof Map<?, ?> map
              && map.get("name") instanceof String name
              && map.get("template") instanceof String template
              && templates.put(name, template) == null;
      if (!named) {
        throw InputException.in(file)
            .place(KEY)
            .expected("text, or a list of objects with name and template")
            .found(Json.describe(element))
            .exception();
      }
    }
    return templates;
  }

  private static void additional(Path folder, Map<String, String> found) {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*" + SUFFIX)) {
      TreeSet<Path> sorted = new TreeSet<>();
      files.forEach(sorted::add);
      for (Path file : sorted) {
        String name = file.getFileName().toString();
        found.put(name.substring(0, name.length() - SUFFIX.length()), text(file));
      }
    } catch (IOException e) {
      throw InputException.unreadable(folder, e);
    }
  }

  private static String text(Path file) {
    return WholeFile.text(file, MAX_BYTES);
  }
}

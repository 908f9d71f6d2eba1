package dev.ashlar.formats.safetensors;

import dev.ashlar.io.InputException;
import dev.ashlar.io.file.AtomicFile;
import dev.ashlar.io.json.Json;
import dev.ashlar.io.json.JsonWriter;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** The files beside a model's weights that a changed copy of the model keeps. */
public final class SideFiles {
  private static final String GENERATION = "generation_config.json";

  /** A folder of further chat templates, by name. */
  private static final String TEMPLATES = "additional_chat_templates";

  /** Copied byte for byte (docs/formats.md, Shards and side files). */
  private static final Set<String> COPIED =
      Set.of(
          "tokenizer.json",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "added_tokens.json",
          "vocab.json",
          "vocab.txt",
          "merges.txt",
          "tokenizer.model",
          "spiece.model",
          "chat_template.jinja",
          "chat_template.json",
          "preprocessor_config.json",
          "processor_config.json",
          "video_preprocessor_config.json");

  /** Loaders refuse to save or warn about these where nothing is sampled. */
  private static final List<String> SAMPLING =
      List.of("temperature", "top_p", "top_k", "min_p", "typical_p", "epsilon_cutoff");

  private SideFiles() {}

  /** The side files in {@code folder}, sorted. */
  public static List<Path> in(Path folder) {
    Set<Path> found = new TreeSet<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(folder)) {
      for (Path file : all) {
        if (kept(file.getFileName().toString()) && Files.isRegularFile(file)) {
          found.add(file);
        }
      }
    } catch (IOException e) {
      throw InputException.in(folder)
          .problem("cannot be listed (" + e.getMessage() + ")")
          .cause(e)
          .exception();
    }
    return new ArrayList<>(found);
  }

  /** Copies the side files of {@code source} to {@code target}. */
  public static void copy(Path source, Path target) {
    for (Path file : in(source)) {
      Path copy = target.resolve(file.getFileName().toString());
      if (copy.getFileName().toString().equals(GENERATION)) {
        copyGeneration(file, copy);
      } else {
        AtomicFile.copy(file, copy);
      }
    }
    copyTemplates(source.resolve(TEMPLATES), target.resolve(TEMPLATES));
  }

  private static void copyTemplates(Path source, Path target) {
    if (!Files.isDirectory(source)) {
      return;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(source, "*.jinja")) {
      Files.createDirectories(target);
      for (Path file : files) {
        AtomicFile.copy(file, target.resolve(file.getFileName().toString()));
      }
    } catch (IOException e) {
      throw InputException.in(source)
          .problem("cannot be copied (" + e.getMessage() + ")")
          .cause(e)
          .exception();
    }
  }

  private static boolean kept(String name) {
    String upper = name.toUpperCase(Locale.ROOT);
    return COPIED.contains(name)
        || name.equals(GENERATION)
        || name.endsWith(".py")
        || upper.startsWith("LICENSE")
        || upper.startsWith("LICENCE")
        || upper.startsWith("NOTICE");
  }

  private static void copyGeneration(Path file, Path copy) {
    Map<String, Object> settings = Json.readObject(file);
    boolean greedy = Boolean.FALSE.equals(settings.getOrDefault("do_sample", false));
    if (greedy && settings.keySet().removeAll(SAMPLING)) {
      AtomicFile.write(copy, JsonWriter.pretty(settings));
    } else {
      AtomicFile.copy(file, copy);
    }
  }
}

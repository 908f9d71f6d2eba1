package dev.ashlar.formats.safetensors;

import dev.ashlar.io.InputException;
import dev.ashlar.io.file.AtomicFile;
import dev.ashlar.io.file.WholeFile;
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

/**
 * The files beside a model's weights that a changed copy of the model keeps. Links are followed as
 * long as they stay where the model is: one that leads elsewhere could bring any file of this
 * machine into the copy.
 */
public final class SideFiles {
  private static final System.Logger LOG = System.getLogger("dev.ashlar.formats.safetensors");
  private static final String CONFIG = "config.json";
  private static final String GENERATION = "generation_config.json";

  /** A folder of further chat templates, by name. */
  private static final String TEMPLATES = "additional_chat_templates";

  private static final String TEMPLATE = ".jinja";

  /** The largest file of this kind that is copied; no published one comes near. */
  private static final long MOST_BYTES = 256L << 20;

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
          "sentencepiece.bpe.model",
          "tekken.json",
          "tiktoken.model",
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
    List<Path> found = candidates(folder);
    found.removeIf(file -> !Files.isRegularFile(file));
    return found;
  }

  /** Whatever is called like a side file, sorted, but folders. */
  private static List<Path> candidates(Path folder) {
    List<Path> found = listed(folder, "*");
    found.removeIf(file -> !kept(file.getFileName().toString()) || Files.isDirectory(file));
    return found;
  }

  /** What lies in a folder under such names, sorted. */
  private static List<Path> listed(Path folder, String names) {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(folder, names)) {
      all.forEach(found::add);
    } catch (IOException e) {
      throw InputException.in(folder)
          .problem("cannot be listed (" + InputException.reason(e) + ")")
          .cause(e)
          .exception();
    }
    found.sort(null);
    return found;
  }

  /**
   * Refuses a folder with a side file that cannot be copied: no regular file, too large, or not to
   * be read. Links that lead nowhere are left out, as if they were not there.
   */
  static void requireCopyable(Path folder) {
    Set<Path> all = new TreeSet<>(candidates(folder));
    all.addAll(templates(folder));
    for (Path file : all) {
      if (Files.exists(file) && belongs(file, folder)) {
        WholeFile.requireRegular(file);
        long size = size(file);
        if (size > MOST_BYTES) {
          throw InputException.in(file)
              .expected("at most " + MOST_BYTES + " bytes in a file beside the weights")
              .found(size + " bytes")
              .hint("move it out of the model's folder")
              .exception();
        }
        if (!Files.isReadable(file)) {
          throw InputException.in(file).problem("cannot be read (permission denied)").exception();
        }
      }
    }
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw InputException.unreadable(file, e);
    }
  }

  /** Copies the side files of {@code source} to {@code target}. */
  public static void copy(Path source, Path target) {
    for (Path file : in(source)) {
      Path copy = target.resolve(file.getFileName().toString());
      if (!belongs(file, source)) {
        warnOfLink(file);
      } else if (copy.getFileName().toString().equals(GENERATION)) {
        copyGeneration(file, copy);
      } else {
        AtomicFile.copy(file, copy);
      }
    }
    copyTemplates(source, target);
  }

  /** Whether a file lies in the folder, or where a link says that the model's configuration is. */
  private static boolean belongs(Path file, Path folder) {
    try {
      Path real = file.toRealPath();
      Path config = folder.resolve(CONFIG);
      return real.startsWith(folder.toRealPath())
          || Files.exists(config) && config.toRealPath().getParent().equals(real.getParent());
    } catch (IOException e) {
      throw InputException.unreadable(file, e);
    }
  }

  private static void warnOfLink(Path file) {
    LOG.log(
        System.Logger.Level.WARNING,
        "{0} is a link to something outside of the model''s folder and is not copied; put the file"
            + " itself there if it belongs to the model",
        file);
  }

  private static List<Path> templates(Path folder) {
    Path templates = folder.resolve(TEMPLATES);
    return Files.isDirectory(templates) ? listed(templates, "*" + TEMPLATE) : List.of();
  }

  private static void copyTemplates(Path source, Path copy) {
    List<Path> templates = templates(source);
    if (templates.isEmpty()) {
      return;
    }
    requireOwnTemplates(copy);
    Path target = copy.resolve(TEMPLATES);
    try {
      Files.createDirectories(target);
    } catch (IOException e) {
      throw AtomicFile.cannotWrite(target, e);
    }
    for (Path file : templates) {
      if (!belongs(file, source)) {
        warnOfLink(file);
      } else if (Files.isRegularFile(file)) {
        AtomicFile.copy(file, target.resolve(file.getFileName().toString()));
      }
    }
  }

  /**
   * Removes what a model that is replaced has beside its weights and readers would take for the new
   * one's: tokenizer, templates, settings. Custom code and licences stay.
   */
  static void removeOld(Path folder) throws IOException {
    for (Path file : candidates(folder)) {
      if (describes(file.getFileName().toString())) {
        Files.deleteIfExists(file);
      }
    }
    for (Path file : templates(folder)) {
      if (!Files.isDirectory(file)) {
        Files.deleteIfExists(file);
      }
    }
    Path templates = folder.resolve(TEMPLATES);
    if (Files.isDirectory(templates) && listed(templates, "*").isEmpty()) {
      Files.deleteIfExists(templates);
    }
  }

  /**
   * Refuses a folder in which templates would be written or removed through a link.
   *
   * @throws InputException naming the link
   */
  static void requireOwnTemplates(Path folder) {
    Path templates = folder.resolve(TEMPLATES);
    if (Files.isSymbolicLink(templates)) {
      throw InputException.in(templates)
          .problem("is a link, and nothing is written through links")
          .hint("remove it or choose another output folder")
          .exception();
    }
  }

  /** Files that say what a model means, of which a copy has its own or none. */
  private static boolean describes(String name) {
    return COPIED.contains(name) || name.equals(GENERATION) || name.endsWith(".tiktoken");
  }

  private static boolean kept(String name) {
    String upper = name.toUpperCase(Locale.ROOT);
    return describes(name)
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

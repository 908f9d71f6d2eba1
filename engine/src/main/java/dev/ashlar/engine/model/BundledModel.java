package dev.ashlar.engine.model;

import dev.ashlar.io.InputException;
import dev.ashlar.io.file.AtomicFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * The demo model that lies in this module's jar, put into the user's cache when it is first asked
 * for: checkpoints are read from files, at positions.
 */
final class BundledModel {
  /** What makes the folder a model comes last. */
  private static final List<String> FILES =
      List.of("model.safetensors", "tokenizer.json", "tokenizer_config.json", "config.json");

  private static final String RESOURCES = "demo/";

  private BundledModel() {}

  /**
   * The folder that holds it.
   *
   * @throws InputException if it can be written nowhere
   */
  static Path folder() {
    return folder(UserCache.folder());
  }

  /** The same in another cache. */
  static Path folder(Path cache) {
    Map<String, byte[]> files = new LinkedHashMap<>();
    CRC32C sum = new CRC32C();
    for (String name : FILES) {
      byte[] content = read(name);
      files.put(name, content);
      sum.update(content);
    }
    // The content is part of the name: another version of the library has a folder of its own.
    Path folder = cache.resolve(String.format(Locale.ROOT, "demo-%08x", sum.getValue()));
    return Files.exists(folder) ? folder : written(folder, files);
  }

  /** Fills a folder beside {@code folder} and renames it, so that nobody sees a part of it. */
  private static Path written(Path folder, Map<String, byte[]> files) {
    try {
      Files.createDirectories(folder.getParent());
      Path part = Files.createTempDirectory(folder.getParent(), ".demo-");
      for (Map.Entry<String, byte[]> e : files.entrySet()) {
        AtomicFile.write(part.resolve(e.getKey()), e.getValue());
      }
      try {
        Files.move(part, folder, StandardCopyOption.ATOMIC_MOVE);
      } catch (IOException e) {
        // Somebody else was faster, and theirs is the same; or it could not be renamed.
        for (String name : files.keySet()) {
          Files.delete(part.resolve(name));
        }
        Files.delete(part);
        if (!Files.exists(folder)) {
          throw e;
        }
      }
      return folder;
    } catch (IOException e) {
      throw AtomicFile.cannotWrite(folder, e);
    }
  }

  private static byte[] read(String name) {
    try (InputStream in = BundledModel.class.getResourceAsStream(RESOURCES + name)) {
      if (in == null) {
        throw new InputException(
            "the demo model is not part of this build of the library; name a model's folder");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new InputException(
          "the demo model cannot be read (" + InputException.reason(e) + ")", e);
    }
  }
}

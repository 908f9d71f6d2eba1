package dev.ashlar.engine.model;

import dev.ashlar.formats.HubCache;
import dev.ashlar.io.InputException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** Finds the model a user names: a path, {@code demo}, or a hub id in the local hub cache. */
public final class ModelPaths {
  /** The name of the bundled demo model. */
  public static final String DEMO = "demo";

  private ModelPaths() {}

  /**
   * The folder or file of a model.
   *
   * @throws InputException if there is none
   */
  public static Path resolve(String name) {
    if (name.isBlank()) {
      throw new InputException(
          "the model's name is empty; give a folder, a file, a hub id in the cache, or demo");
    }
    if (name.equals(DEMO)) {
      return demo();
    }
    Path path = path(name);
    if (Files.exists(path)) {
      return path;
    }
    if (HubCache.isId(name)) {
      return HubCache.of(System.getenv())
          .find(name)
          .orElseThrow(
              () ->
                  new InputException(
                      name
                          + ": no such file or folder, and no such model in the local hub cache;"
                          + " download it first, for example with 'hf download "
                          + name
                          + "'"));
    }
    throw new InputException(name + ": no such file or folder");
  }

  private static Path path(String name) {
    try {
      String home = System.getProperty("user.home");
      return name.startsWith("~/") ? Path.of(home, name.substring(2)) : Path.of(name);
    } catch (InvalidPathException e) {
      throw new InputException("'" + name + "' is not a path: " + e.getReason(), e);
    }
  }

  private static Path demo() {
    String home = System.getProperty("ashlar.home");
    if (home != null) {
      Path folder = Path.of(home, DEMO);
      if (Files.isDirectory(folder)) {
        return folder;
      }
    }
    return BundledModel.folder();
  }
}

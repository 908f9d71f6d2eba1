package dev.ashlar.engine.model;

import dev.ashlar.engine.job.JobListener;
import dev.ashlar.formats.hub.Hub;
import dev.ashlar.formats.hub.HubReference;
import dev.ashlar.formats.hub.HubSettings;
import dev.ashlar.io.InputException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Finds the model a user names: a path, {@code demo}, or what {@link HubReference} spells, in the
 * hub's local cache or on the hub.
 */
public final class ModelPaths {
  /** The name of the bundled demo model. */
  public static final String DEMO = "demo";

  private ModelPaths() {}

  /**
   * The folder or file of a model; what is only on the hub is downloaded without a word.
   *
   * @throws InputException if there is none
   */
  public static Path resolve(String name) {
    return resolve(name, JobListener.SILENT);
  }

  /**
   * The same.
   *
   * @param listener hears of a download
   */
  public static Path resolve(String name, JobListener listener) {
    if (name.isBlank()) {
      throw new InputException(
          "the model's name is empty; give a folder, a file, a hub id, or demo");
    }
    if (name.equals(DEMO)) {
      return demo();
    }
    Path path = path(name);
    if (Files.exists(path)) {
      return path;
    }
    Optional<HubReference> reference = HubReference.parse(name);
    if (reference.isPresent()) {
      return ofHub(name, reference.get(), listener);
    }
    throw new InputException(name + ": no such file or folder");
  }

  private static Path ofHub(String name, HubReference reference, JobListener listener) {
    Hub hub = new Hub(HubSettings.ofProcess());
    if (!reference.hasOwner()) {
      // Far more often a folder that is not there than a model without an owner.
      return hub.cached(reference)
          .orElseThrow(
              () ->
                  new InputException(
                      name
                          + ": no such file or folder, and no such model in the local hub cache; if"
                          + " it is a model of the hub, fetch it with 'ashlar pull "
                          + name
                          + "'"));
    }
    try {
      return hub.model(reference, new HubProgress(listener));
    } catch (InputException e) {
      String own = reference + ": ";
      boolean unknown = hub.cache().find(reference.id()).isEmpty() && e.place().isEmpty();
      if (unknown && e.getMessage().startsWith(own)) {
        String rest = e.getMessage().substring(own.length());
        throw new InputException(name + ": no such file or folder; as a hub id: " + rest, e);
      }
      throw e;
    }
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

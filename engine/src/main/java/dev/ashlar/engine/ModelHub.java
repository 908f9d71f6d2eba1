package dev.ashlar.engine;

import dev.ashlar.engine.job.JobListener;
import dev.ashlar.engine.model.HubProgress;
import dev.ashlar.formats.hub.CachedModel;
import dev.ashlar.formats.hub.Hub;
import dev.ashlar.formats.hub.HubReference;
import dev.ashlar.formats.hub.HubSettings;
import dev.ashlar.formats.hub.Pulled;
import dev.ashlar.io.InputException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Models of the Hugging Face hub and its local cache, which is shared with Hugging Face's own
 * tools.
 *
 * {@snippet :
 * Path model = ModelHub.ofProcess().pull("org/name:Q4_K_M", JobListener.SILENT).path();
 * }
 *
 * <p>Names are {@code org/name}, {@code org/name@revision}, {@code org/name:Q4_K_M} (a GGUF file,
 * by its type or name) or {@code org/name@revision:Q4_K_M}. {@link LanguageModel#open(String)} does
 * by itself what is needed here.
 */
public final class ModelHub {
  private final Hub hub;

  private ModelHub(Hub hub) {
    this.hub = hub;
  }

  /**
   * The hub of this process: environment variables, and system properties of the same names, which
   * come first; see {@link HubSettings}.
   *
   * @throws InputException if one has a value that cannot be used
   */
  public static ModelHub ofProcess() {
    return of(HubSettings.ofProcess());
  }

  /** The hub and the cache that {@code settings} say. */
  public static ModelHub of(HubSettings settings) {
    return new ModelHub(new Hub(settings));
  }

  /**
   * What is to be opened for a model if it is in the cache: a folder, or a GGUF file. Nothing is
   * asked of the hub.
   *
   * @throws InputException if the name is none of a model on the hub, or may mean several files
   */
  public Optional<Path> cached(String name) {
    return hub.cached(reference(name));
  }

  /**
   * Downloads what the cache has not of a model, at what its revision means now. A download that
   * was cut off goes on where it was.
   *
   * @param listener hears how it goes, and may end it
   * @throws InputException if it cannot be had
   */
  public Pulled pull(String name, JobListener listener) {
    return hub.pull(reference(name), new HubProgress(listener));
  }

  /** All models that have a folder in the cache. */
  public List<CachedModel> models() {
    return hub.cache().models();
  }

  /**
   * Removes a model, one revision of it or one GGUF file from the cache.
   *
   * @return bytes that became free
   * @throws InputException if it is not there or cannot be removed
   */
  public long remove(String name, JobListener listener) {
    return hub.remove(reference(name), new HubProgress(listener));
  }

  /** The folder that models are downloaded into. */
  public Path cache() {
    return hub.settings().cache();
  }

  private static HubReference reference(String name) {
    return HubReference.parse(name)
        .orElseThrow(
            () ->
                new InputException(
                    "'"
                        + name
                        + "' is not a name on the hub; one is like org/name, org/name@revision or"
                        + " org/name:Q4_K_M"));
  }
}

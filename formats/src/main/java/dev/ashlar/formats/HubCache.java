package dev.ashlar.formats;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The local cache in which Hugging Face's tools keep what they downloaded.
 *
 * <pre>
 *   models--ORG--NAME/refs/main          the revision's hash
 *   models--ORG--NAME/snapshots/HASH/    the model folder, its files links into ../../blobs
 *   datasets--ORG--NAME/                 the same of a data set
 * </pre>
 */
public final class HubCache {
  private static final Pattern ID =
      Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,95}(/[A-Za-z0-9][A-Za-z0-9._-]{0,95})?");
  private static final Pattern HASH = Pattern.compile("[0-9A-Za-z]{1,64}");
  private static final int LONGEST_REFERENCE = 200;

  private final Path folder;

  /** The cache in {@code folder}, which need not exist. */
  public HubCache(Path folder) {
    this.folder = folder;
  }

  /**
   * The cache where the tools of this environment look for it: {@code HF_HUB_CACHE}, {@code
   * HF_HOME/hub}, {@code XDG_CACHE_HOME/huggingface/hub} or {@code ~/.cache/huggingface/hub}.
   *
   * @param environment environment variables
   */
  public static HubCache of(Map<String, String> environment) {
    String hub = environment.getOrDefault("HF_HUB_CACHE", "");
    if (!hub.isEmpty()) {
      return new HubCache(Path.of(hub));
    }
    String home = environment.getOrDefault("HF_HOME", "");
    if (!home.isEmpty()) {
      return new HubCache(Path.of(home, "hub"));
    }
    String cache = environment.getOrDefault("XDG_CACHE_HOME", "");
    Path base =
        cache.isEmpty() ? Path.of(System.getProperty("user.home"), ".cache") : Path.of(cache);
    return new HubCache(base.resolve("huggingface").resolve("hub"));
  }

  /** Whether a text has the form of a hub id, such as {@code org/model}. */
  public static boolean isId(String text) {
    return ID.matcher(text).matches() && !text.contains("..") && !text.contains("--");
  }

  /**
   * The downloaded model folder of a hub id, at the revision that {@code main} meant when it was
   * downloaded; empty if it is not in the cache.
   */
  public Optional<Path> find(String id) {
    return find("models--", id);
  }

  /** The same of a data set, whose files lie as their authors put them. */
  public Optional<Path> findDataset(String id) {
    return find("datasets--", id);
  }

  private Optional<Path> find(String kind, String id) {
    if (!isId(id)) {
      return Optional.empty();
    }
    Path model = folder.resolve(kind + id.replace("/", "--"));
    Path main = model.resolve("refs").resolve("main");
    try {
      if (!Files.isRegularFile(main) || Files.size(main) > LONGEST_REFERENCE) {
        return Optional.empty();
      }
      String hash = Files.readString(main, StandardCharsets.ISO_8859_1).strip();
      Path snapshot = model.resolve("snapshots").resolve(HASH.matcher(hash).matches() ? hash : "-");
      return Files.isDirectory(snapshot) ? Optional.of(snapshot) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}

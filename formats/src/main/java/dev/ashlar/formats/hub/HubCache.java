package dev.ashlar.formats.hub;

import dev.ashlar.io.InputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The local cache in which Hugging Face's tools keep what they downloaded.
 *
 * <pre>
 *   models--ORG--NAME/refs/main          the revision's hash
 *   models--ORG--NAME/blobs/ETAG         the content of a file
 *   models--ORG--NAME/snapshots/HASH/    the model folder, its files links into ../../blobs
 *   datasets--ORG--NAME/                 the same of a data set
 *   .locks/                              who is writing what
 * </pre>
 */
public final class HubCache {
  private static final Pattern HASH = Pattern.compile("[0-9A-Za-z]{1,64}");
  private static final int LONGEST_REFERENCE = 200;
  private static final int DEPTH = 12;

  private final Path folder;

  /** The cache in {@code folder}, which need not exist. */
  public HubCache(Path folder) {
    this.folder = folder;
  }

  /**
   * The cache where the tools of this environment look for it; see {@link HubSettings#cache}.
   *
   * @param environment environment variables
   */
  public static HubCache of(Map<String, String> environment) {
    return new HubCache(HubSettings.cache(environment));
  }

  /** The cache of this process; see {@link HubSettings#ofProcess}. */
  public static HubCache ofProcess() {
    return of(HubSettings.environment());
  }

  /** Whether a text has the form of a hub id, such as {@code org/model}. */
  public static boolean isId(String text) {
    return HubReference.isId(text);
  }

  /**
   * The downloaded model folder of a hub id, at the revision that {@code main} meant when it was
   * downloaded; empty if it is not in the cache.
   */
  public Optional<Path> find(String id) {
    return find(RepositoryKind.MODEL, id, HubReference.MAIN);
  }

  /** The same of a data set, whose files lie as their authors put them. */
  public Optional<Path> findDataset(String id) {
    return find(RepositoryKind.DATASET, id, HubReference.MAIN);
  }

  /** The folder of a revision's files; empty if there is none. */
  Optional<Path> find(RepositoryKind kind, String id, String revision) {
    if (!isId(id) || !HubReference.isRevision(revision)) {
      return Optional.empty();
    }
    Path repository = repository(kind, id);
    Optional<String> commit =
        HubReference.isCommit(revision)
            ? Optional.of(revision)
            : commit(repository.resolve("refs").resolve(revision));
    return commit.map(repository.resolve("snapshots")::resolve).filter(Files::isDirectory);
  }

  /** The folder of a repository, which need not exist. */
  Path repository(RepositoryKind kind, String id) {
    return folder.resolve(kind.folder(id));
  }

  /** Where it is; it need not exist. */
  public Path folder() {
    return folder;
  }

  private static Optional<String> commit(Path reference) {
    try {
      if (!Files.isRegularFile(reference) || Files.size(reference) > LONGEST_REFERENCE) {
        return Optional.empty();
      }
      String hash = Files.readString(reference, StandardCharsets.ISO_8859_1).strip();
      return HASH.matcher(hash).matches() ? Optional.of(hash) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /**
   * All models that have a folder here, by id.
   *
   * @throws InputException if the cache cannot be read
   */
  public List<CachedModel> models() {
    String prefix = RepositoryKind.MODEL.plural + "--";
    List<CachedModel> models = new ArrayList<>();
    for (Path path : children(folder)) {
      String name = path.getFileName().toString();
      if (name.startsWith(prefix) && Files.isDirectory(path)) {
        String id = name.substring(prefix.length()).replace("--", "/");
        if (isId(id)) {
          models.add(model(id, path));
        }
      }
    }
    return models;
  }

  private static CachedModel model(String id, Path path) {
    List<String> commits = new ArrayList<>();
    TreeSet<String> ggufs = new TreeSet<>();
    boolean whole = false;
    for (Path commit : children(path.resolve("snapshots"))) {
      commits.add(commit.getFileName().toString());
      Snapshot snapshot = new Snapshot(commit);
      List<String> here = snapshot.files().stream().filter(f -> f.endsWith(".gguf")).toList();
      ggufs.addAll(here);
      whole |= !here.isEmpty() || opens(snapshot, id);
    }
    return new CachedModel(
        id,
        path,
        references(path.resolve("refs")),
        commits,
        List.copyOf(ggufs),
        bytes(path),
        whole);
  }

  private static boolean opens(Snapshot snapshot, String id) {
    try {
      return snapshot.model(HubReference.of(id)).isPresent();
    } catch (InputException e) {
      return false;
    }
  }

  /** Commits by the names of branches and tags, which may have slashes. */
  static Map<String, String> references(Path refs) {
    Map<String, String> references = new TreeMap<>();
    if (Files.isDirectory(refs)) {
      try (Stream<Path> all = Files.walk(refs, DEPTH)) {
        all.filter(Files::isRegularFile)
            .forEach(
                f ->
                    commit(f)
                        .ifPresent(
                            c ->
                                references.put(
                                    refs.relativize(f).toString().replace('\\', '/'), c)));
      } catch (IOException | UncheckedIOException e) {
        throw unreadable(refs, e);
      }
    }
    return references;
  }

  /** Bytes of a repository; blobs may be links to where those of several are kept. */
  private static long size(Path repository) {
    long shared = 0;
    for (Path blob : children(repository.resolve("blobs"))) {
      shared += Files.isSymbolicLink(blob) ? blob.toFile().length() : 0;
    }
    return bytes(repository) + shared;
  }

  /** Bytes of the files below a folder, without what links lead to. */
  static long bytes(Path folder) {
    try (Stream<Path> all = Files.walk(folder, DEPTH)) {
      return all.filter(f -> Files.isRegularFile(f, LinkOption.NOFOLLOW_LINKS))
          .mapToLong(f -> f.toFile().length())
          .sum();
    } catch (IOException | UncheckedIOException e) {
      throw unreadable(folder, e);
    }
  }

  /** What lies in a folder, by name; nothing if it is not there. */
  static List<Path> children(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> all = Files.list(folder)) {
      return all.sorted().toList();
    } catch (IOException | UncheckedIOException e) {
      throw unreadable(folder, e);
    }
  }

  static InputException unreadable(Path folder, Exception e) {
    return InputException.unreadable(
        folder, e instanceof UncheckedIOException u ? u.getCause() : (IOException) e);
  }
}

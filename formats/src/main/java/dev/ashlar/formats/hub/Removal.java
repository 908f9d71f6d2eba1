package dev.ashlar.formats.hub;

import dev.ashlar.io.InputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Removes what a reference means from the cache: a repository, a revision or one GGUF file of it.
 * Blobs go when no snapshot needs them any more.
 */
final class Removal {
  private static final int DEPTH = 12;

  private final HubReference reference;
  private final Path repository;

  /**
   * @param repository its folder in the cache
   */
  Removal(HubReference reference, Path repository) {
    this.reference = reference;
    this.repository = repository;
  }

  /**
   * Removes it.
   *
   * @return bytes that became free
   * @throws InputException if it is not there or cannot be removed
   */
  long run() {
    if (!Files.isDirectory(repository, LinkOption.NOFOLLOW_LINKS)) {
      throw absent();
    }
    long before = HubCache.bytes(repository);
    try {
      boolean all = reference.equals(HubReference.of(reference.id()));
      if (all) {
        delete(repository);
        return before;
      }
      if (reference.selected().isEmpty()) {
        revision();
      } else {
        gguf();
      }
      blobs();
      if (HubCache.children(repository.resolve("snapshots")).isEmpty()) {
        delete(repository);
        return before;
      }
    } catch (IOException | UncheckedIOException e) {
      Exception reason = e instanceof UncheckedIOException u ? u.getCause() : e;
      throw InputException.in(repository)
          .problem("cannot be removed (" + InputException.reason((IOException) reason) + ")")
          .cause(e)
          .exception();
    }
    return before - HubCache.bytes(repository);
  }

  private InputException absent() {
    return InputException.in(reference.toString())
        .problem("is not in the cache")
        .hint("'ashlar list models' shows what is")
        .exception();
  }

  private String commit() {
    Map<String, String> references = HubCache.references(repository.resolve("refs"));
    String commit = references.getOrDefault(reference.revision(), reference.revision());
    if (!HubReference.isCommit(commit)
        || !Files.isDirectory(repository.resolve("snapshots").resolve(commit))) {
      throw absent();
    }
    return commit;
  }

  /** Removes the files of a commit, and all names that mean it. */
  private void revision() throws IOException {
    String commit = commit();
    for (var e : HubCache.references(repository.resolve("refs")).entrySet()) {
      if (e.getValue().equals(commit)) {
        Files.delete(repository.resolve("refs").resolve(e.getKey()));
      }
    }
    delete(repository.resolve("snapshots").resolve(commit));
  }

  private void gguf() throws IOException {
    Path folder = repository.resolve("snapshots").resolve(commit());
    List<String> files =
        FileChoice.gguf(new Snapshot(folder).files(), reference.selected(), reference.toString());
    if (files.isEmpty()) {
      throw absent();
    }
    for (String file : files) {
      Files.delete(folder.resolve(file));
    }
    if (new Snapshot(folder).files().isEmpty()) {
      revision();
    }
  }

  /** Removes blobs that no link of a snapshot leads to. */
  private void blobs() throws IOException {
    Set<String> needed = new HashSet<>();
    Path snapshots = repository.resolve("snapshots");
    if (Files.isDirectory(snapshots)) {
      try (Stream<Path> all = Files.walk(snapshots, DEPTH)) {
        for (Path link : all.filter(Files::isSymbolicLink).toList()) {
          needed.add(Files.readSymbolicLink(link).getFileName().toString());
        }
      }
    }
    for (Path blob : HubCache.children(repository.resolve("blobs"))) {
      if (!needed.contains(blob.getFileName().toString())) {
        Files.delete(blob);
      }
    }
  }

  /** Deletes a folder, links as links. */
  private static void delete(Path folder) throws IOException {
    List<Path> all;
    try (Stream<Path> walk = Files.walk(folder)) {
      all = walk.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : all) {
      Files.deleteIfExists(path);
    }
  }
}

package dev.ashlar.formats.hub;

import dev.ashlar.io.InputException;
import dev.ashlar.io.file.AtomicFile;
import dev.ashlar.io.json.Json;
import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The folder of one commit in the cache: links to blobs under the names of the repository's files,
 * or the files themselves where there are no links.
 *
 * @param folder {@code models--ORG--NAME/snapshots/COMMIT}
 */
record Snapshot(Path folder) {
  private static final int DEPTH = 12;

  /** Beside weights, one of these has to be there for text to become tokens. */
  private static final List<String> TOKENIZERS =
      List.of(
          "tokenizer.json",
          "tokenizer.model",
          "vocab.json",
          "vocab.txt",
          "spiece.model",
          "tokenizer_config.json",
          "sentencepiece.bpe.model");

  /** Paths of all files, with slashes; a link that leads nowhere is none. */
  Set<String> files() {
    Set<String> files = new TreeSet<>();
    if (!Files.isDirectory(folder)) {
      return files;
    }
    try (Stream<Path> all = Files.walk(folder, DEPTH, FileVisitOption.FOLLOW_LINKS)) {
      all.filter(Files::isRegularFile)
          .forEach(f -> files.add(folder.relativize(f).toString().replace('\\', '/')));
    } catch (IOException | java.io.UncheckedIOException e) {
      return Set.of();
    }
    return files;
  }

  /**
   * What is to be opened for a model: this folder or a GGUF file in it; empty if not all of it is
   * there.
   *
   * @throws InputException if several GGUF files may be meant
   */
  Optional<Path> model(HubReference reference) {
    Set<String> files = files();
    if (!reference.selected().isEmpty()) {
      List<String> gguf = FileChoice.gguf(files, reference.selected(), reference.toString());
      return gguf.stream().findFirst().map(folder::resolve);
    }
    if (files.contains(FileChoice.CONFIG) && hasWeights(files)) {
      return Optional.of(folder);
    }
    // What has a configuration without its weights is a folder that is not all there.
    return files.contains(FileChoice.CONFIG)
        ? Optional.empty()
        : FileChoice.onlyGguf(files).stream().findFirst().map(folder::resolve);
  }

  private boolean hasWeights(Set<String> files) {
    if (files.contains(FileChoice.SINGLE)) {
      return true;
    }
    if (files.contains(FileChoice.INDEX)) {
      return files.containsAll(shards(folder.resolve(FileChoice.INDEX)));
    }
    return files.stream().filter(f -> f.endsWith(".safetensors") && f.indexOf('/') < 0).count()
        == 1;
  }

  /** Whether text can become tokens: tools that need only the weights fetch no more. */
  boolean hasTokenizer() {
    Set<String> files = files();
    return TOKENIZERS.stream().anyMatch(files::contains);
  }

  /**
   * The files that an index names.
   *
   * @throws InputException if it names none, or some outside of its folder
   */
  static Set<String> shards(Path index) {
    Map<String, Object> json = Json.readObject(index, Json.MAX_DOCUMENT_BYTES);
    Set<String> shards = new TreeSet<>();
    if (json.get("weight_map") instanceof Map<?, ?> map) {
      for (Object shard : map.values()) {
        shards.add(HubFile.requireInside(String.valueOf(shard), index.toString()));
      }
    }
    if (shards.isEmpty()) {
      throw InputException.in(index).problem("names no files of weights").exception();
    }
    return shards;
  }

  /**
   * Puts files in, {@code config.json} last and the parts of a GGUF file from the last to the
   * first, so that nothing opens before all is there.
   *
   * @param blobs where their content lies
   * @param fresh blobs of this download, which nothing else needs: without links they are moved
   * @param links whether to try links
   */
  void publish(List<HubFile> files, Path blobs, Set<String> fresh, boolean links) {
    List<HubFile> ordered = new ArrayList<>(files);
    ordered.sort(
        Comparator.comparing(Snapshot::opens)
            .thenComparing(HubFile::path, Comparator.reverseOrder()));
    for (int i = 0; i < ordered.size(); i++) {
      HubFile file = ordered.get(i);
      Path target = folder.resolve(file.path());
      Path blob = blobs.resolve(file.etag());
      try {
        if (isThere(target, blob, file)) {
          continue;
        }
        Files.createDirectories(target.getParent());
        Files.deleteIfExists(target);
        boolean again =
            ordered.subList(i + 1, ordered.size()).stream()
                .anyMatch(f -> f.etag().equals(file.etag()));
        if (links && link(target, blob)) {
          continue;
        }
        if (fresh.contains(file.etag()) && !again) {
          AtomicFile.publish(blob, target);
        } else {
          AtomicFile.copy(blob, target);
        }
      } catch (IOException e) {
        throw AtomicFile.cannotWrite(target, e);
      }
    }
    try {
      AtomicFile.syncFolder(folder);
    } catch (IOException e) {
      throw AtomicFile.cannotWrite(folder, e);
    }
  }

  private static boolean opens(HubFile file) {
    return file.path().equals(FileChoice.CONFIG);
  }

  /** Whether a file is in this snapshot already, as a link or as a copy of its own. */
  static boolean isThere(Path target, Path blob, HubFile file) throws IOException {
    if (!Files.isRegularFile(target)) {
      return false;
    }
    if (Files.isSymbolicLink(target)) {
      return Files.exists(blob) && Files.isSameFile(target, blob);
    }
    return Files.size(target) == file.size();
  }

  private static boolean link(Path target, Path blob) throws IOException {
    Path relative = target.toAbsolutePath().getParent().relativize(blob.toAbsolutePath());
    try {
      Files.createSymbolicLink(target, relative);
      return true;
    } catch (UnsupportedOperationException | java.nio.file.FileSystemException e) {
      return false;
    }
  }
}

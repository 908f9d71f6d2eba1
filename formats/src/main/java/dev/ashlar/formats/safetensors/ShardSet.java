package dev.ashlar.formats.safetensors;

import dev.ashlar.io.InputException;
import dev.ashlar.io.json.Json;
import dev.ashlar.tensor.weights.StoredTensor;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** The safetensors files that together hold one model's weights, all open. */
final class ShardSet implements AutoCloseable {
  private static final String SINGLE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";
  private static final String SUFFIX = ".safetensors";

  /** Most tensors of all files together. */
  private static final int MOST_TENSORS = 1_000_000;

  private static final Pattern PICKLE = Pattern.compile(".*\\.(bin|pt|pth|ckpt)(\\.index\\.json)?");

  /** One file of a set is not a model, whatever else is there. */
  private static final Pattern SHARD = Pattern.compile(".*-\\d+(-of-\\d+)?\\.safetensors");

  private final List<SafetensorsFile> files = new ArrayList<>();
  private final Map<String, StoredTensor> tensors = new LinkedHashMap<>();
  private final Map<String, Path> origin = new LinkedHashMap<>();

  private ShardSet() {}

  /** The single file {@code path}. */
  static ShardSet ofFile(Path path) {
    return opened(set -> set.add(path));
  }

  /** The weights in {@code folder}. */
  static ShardSet ofFolder(Path folder) {
    Path single = folder.resolve(SINGLE);
    Path index = folder.resolve(INDEX);
    if (Files.exists(single)) {
      return ofFile(single);
    }
    if (Files.exists(index)) {
      return opened(set -> set.addIndexed(folder, index));
    }
    return ofFile(onlyFile(folder));
  }

  /** All tensors by name: file by file, in the order of their data. */
  Map<String, StoredTensor> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  /** The names of the tensors of each file, in the order of the files' names. */
  List<List<String>> files() {
    return files.stream()
        .sorted(Comparator.comparing(SafetensorsFile::path))
        .map(f -> List.copyOf(f.names()))
        .toList();
  }

  @Override
  public void close() {
    files.forEach(SafetensorsFile::close);
  }

  private interface Filler {
    void fill(ShardSet set);
  }

  private static ShardSet opened(Filler filler) {
    ShardSet set = new ShardSet();
    try {
      filler.fill(set);
      return set;
    } catch (RuntimeException e) {
      set.close();
      throw e;
    }
  }

  private void add(Path path) {
    SafetensorsFile file = SafetensorsFile.open(path);
    files.add(file);
    for (String name : file.names()) {
      Path other = origin.putIfAbsent(name, path);
      if (other != null) {
        throw InputException.in(path)
            .place(name)
            .problem("is also in " + other.getFileName())
            .hint("a tensor may be in one shard only")
            .exception();
      }
      tensors.put(name, file.tensor(name));
    }
    if (tensors.size() > MOST_TENSORS) {
      throw InputException.in(path)
          .expected("at most " + MOST_TENSORS + " tensors in a model")
          .found(tensors.size() + " up to this file")
          .exception();
    }
  }

  private void addIndexed(Path folder, Path index) {
    Map<String, Object> json = Json.readObject(index, Json.MAX_DOCUMENT_BYTES);
    if (!(json.get("weight_map") instanceof Map<?, ?> map)) {
      throw InputException.in(index)
          .place("weight_map")
          .expected("an object from tensor to file")
          .found(Json.describe(json.get("weight_map")))
          .exception();
    }
    if (map.isEmpty()) {
      throw InputException.in(index).problem("names no tensors").exception();
    }
    Map<String, Path> shards = new LinkedHashMap<>();
    for (Map.Entry<?, ?> e : map.entrySet()) {
      String tensor = (String) e.getKey();
      String name = shardName(index, tensor, e.getValue());
      shards.computeIfAbsent(name, n -> shard(folder, index, tensor, n));
    }
    shards.values().forEach(this::add);
    for (Map.Entry<?, ?> e : map.entrySet()) {
      Path expected = shards.get((String) e.getValue());
      Path found = origin.get((String) e.getKey());
      if (!expected.equals(found)) {
        throw InputException.in(index)
            .place((String) e.getKey())
            .expected("the tensor in " + expected.getFileName())
            .found(found == null ? "it nowhere" : "it in " + found.getFileName())
            .hint("index and shards belong to different downloads")
            .exception();
      }
    }
  }

  /** A shard is named by one plain file name: nothing in an index may lead out of its folder. */
  private static String shardName(Path index, String tensor, Object value) {
    if (value instanceof String name
        && name.endsWith(SUFFIX)
        && name.length() < 256
        && name.chars().noneMatch(c -> c == '/' || c == '\\' || c == ':' || c < ' ')) {
      return name;
    }
    throw InputException.in(index)
        .place(tensor)
        .expected("the plain name of a " + SUFFIX + " file in the same folder")
        .found(Json.describe(value))
        .exception();
  }

  private static Path shard(Path folder, Path index, String tensor, String name) {
    Path path = folder.resolve(name);
    if (!Files.isRegularFile(path)) {
      throw InputException.in(index)
          .place(tensor)
          .problem("is said to be in " + name + ", which is not a file in the folder")
          .hint("download the missing shard")
          .exception();
    }
    return path;
  }

  /** Folders of other tools name their only weight file freely. */
  private static Path onlyFile(Path folder) {
    List<Path> found = new ArrayList<>();
    boolean pickle = false;
    try (DirectoryStream<Path> all = Files.newDirectoryStream(folder)) {
      for (Path path : all) {
        String name = path.getFileName().toString();
        if (name.endsWith(SUFFIX)
            && !name.startsWith(".")
            && !SHARD.matcher(name).matches()
            && Files.isRegularFile(path)) {
          found.add(path);
        }
        pickle |= PICKLE.matcher(name).matches();
      }
    } catch (IOException e) {
      throw InputException.in(folder)
          .problem("cannot be listed (" + InputException.reason(e) + ")")
          .cause(e)
          .exception();
    }
    if (found.size() == 1) {
      return found.getFirst();
    }
    if (pickle && found.isEmpty()) {
      throw InputException.in(folder)
          .problem("has its weights only as pickle files, which are never read: they can run code")
          .hint("convert the model to safetensors with the tool that made it")
          .exception();
    }
    throw InputException.in(folder)
        .expected(SINGLE + " or " + INDEX)
        .found(found.isEmpty() ? "no weights" : found.size() + " other " + SUFFIX + " files")
        .exception();
  }
}

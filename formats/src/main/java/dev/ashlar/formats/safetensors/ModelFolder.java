package dev.ashlar.formats.safetensors;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.checkpoint.ModelConfig;
import dev.ashlar.formats.checkpoint.PackedReader;
import dev.ashlar.formats.checkpoint.StoredTensors;
import dev.ashlar.io.InputException;
import dev.ashlar.io.json.Json;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import dev.ashlar.text.TokenizerSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A Hugging Face model folder: {@code config.json} beside {@code model.safetensors}, or beside
 * shards named by {@code model.safetensors.index.json}. Files may be links, as in the hub's cache;
 * names in an index may not leave the folder.
 */
public final class ModelFolder extends Checkpoint {
  private static final String CONFIG = "config.json";

  /** Where a quantization configuration may be, after {@code config.json} itself. */
  private final Path path;

  private final Path folder;
  private final Map<String, Object> config;
  private final ShardSet shards;
  private final Map<String, StoredTensor> dense;
  private final PackedReader packed;

  /** Bytes of each packed module; null until they are asked for. */
  private Map<String, Long> packedBytes;

  private ModelFolder(
      Path path, Path folder, Map<String, Object> config, ShardSet shards, PackedReader packed) {
    this.path = path;
    this.folder = folder;
    this.config = config;
    this.shards = shards;
    this.packed = packed;
    Map<String, StoredTensor> dense = new LinkedHashMap<>(shards.tensors());
    dense.keySet().removeAll(packed.parts());
    dense.putAll(packed.widened());
    this.dense = Collections.unmodifiableMap(dense);
  }

  /**
   * Opens a model folder, or a single {@code .safetensors} file whose {@code config.json} is beside
   * it; empty for anything else.
   *
   * @param layouts the packed layouts to try
   */
  public static Optional<Checkpoint> open(Path path, List<PackedReader.Opener> layouts) {
    boolean isFolder = Files.isDirectory(path);
    if (!isFolder && !path.toString().endsWith(".safetensors")) {
      return Optional.empty();
    }
    Path folder = isFolder ? path : path.toAbsolutePath().getParent();
    Path configFile = folder.resolve(CONFIG);
    if (!Files.exists(configFile) && !onlyPacked(folder)) {
      throw InputException.in(path)
          .problem("has no " + CONFIG + (isFolder ? "" : " beside it"))
          .hint("give a model folder as downloaded from a model hub, or a .gguf file")
          .exception();
    }
    Map<String, Object> config =
        Files.exists(configFile)
            ? Collections.unmodifiableMap(Json.readObject(configFile))
            : Map.of();
    ShardSet shards = isFolder ? ShardSet.ofFolder(folder) : ShardSet.ofFile(path);
    try {
      PackedReader packed = packed(path, folder, config, shards, layouts);
      return Optional.of(new ModelFolder(path, folder, config, shards, packed));
    } catch (RuntimeException e) {
      shards.close();
      throw e;
    }
  }

  /** Packed layers alone, without a model: enough to inspect them, not to run them. */
  private static boolean onlyPacked(Path folder) {
    return ModelConfig.QUANTIZATION_FILES.stream()
        .anyMatch(name -> Files.isRegularFile(folder.resolve(name)));
  }

  private static PackedReader packed(
      Path path,
      Path folder,
      Map<String, Object> config,
      ShardSet shards,
      List<PackedReader.Opener> layouts) {
    Map<String, Object> quantization = quantization(folder, config);
    StoredTensors stored = new Stored(path, config, shards.tensors());
    for (PackedReader.Opener layout : layouts) {
      Optional<PackedReader> reader = layout.open(quantization, stored);
      if (reader.isPresent()) {
        return reader.get();
      }
    }
    Object method = quantization.get("quant_method");
    if (!quantization.isEmpty()) {
      throw InputException.in(path)
          .place("quantization_config")
          .problem("quantized in a way that cannot be read")
          .found(method == null ? "no quant_method" : "quant_method " + Json.describe(method))
          .exception();
    }
    for (String name : shards.tensors().keySet()) {
      if (name.endsWith(".qweight") || name.endsWith(".weight_packed")) {
        throw InputException.in(path)
            .place(name)
            .problem("is a packed weight, but there is no quantization_config to read it by")
            .exception();
      }
    }
    return new Unpacked();
  }

  private static Map<String, Object> quantization(Path folder, Map<String, Object> config) {
    Object value = config.get("quantization_config");
    if (value != null) {
      return Json.asObject(value, folder.resolve(CONFIG) + ": quantization_config");
    }
    for (String name : ModelConfig.QUANTIZATION_FILES) {
      Path file = folder.resolve(name);
      if (Files.isRegularFile(file)) {
        return Json.readObject(file);
      }
    }
    return Map.of();
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public String kind() {
    return "safetensors";
  }

  @Override
  public Map<String, Object> generationConfig() {
    Path file = folder.resolve("generation_config.json");
    return Files.exists(file) ? Json.readObject(file) : Map.of();
  }

  @Override
  public TokenizerSource tokenizer() {
    return new TokenizerSource.Folder(folder);
  }

  @Override
  public void requireTarget(Path target) {
    super.requireTarget(target);
    SideFiles.requireCopyable(folder);
  }

  @Override
  public void writeSideFiles(Path target) {
    SideFiles.copy(folder, target);
  }

  @Override
  public Map<String, Object> config() {
    return config;
  }

  @Override
  public Set<String> names() {
    return dense.keySet();
  }

  @Override
  public List<List<String>> shards() {
    List<List<String>> all = new ArrayList<>();
    Set<String> left = new LinkedHashSet<>(dense.keySet());
    for (List<String> file : shards.files()) {
      all.add(file.stream().filter(left::remove).toList());
    }
    // Widened tensors have no file of their own; they go where the last ones are.
    List<String> last = new ArrayList<>(all.removeLast());
    last.addAll(left);
    all.add(List.copyOf(last));
    return List.copyOf(all);
  }

  @Override
  public Optional<StoredTensor> find(String name) {
    return Optional.ofNullable(dense.get(name));
  }

  @Override
  public Set<String> quantizedNames() {
    return packed.modules();
  }

  @Override
  public Optional<QuantizedMatrix> quantized(String module) {
    return packed.modules().contains(module) ? Optional.of(packed.read(module)) : Optional.empty();
  }

  @Override
  public Optional<Shape> quantizedShape(String module) {
    return packed.modules().contains(module) ? Optional.of(packed.shape(module)) : Optional.empty();
  }

  @Override
  public synchronized long quantizedBytes(String module) {
    if (packedBytes == null) {
      packedBytes = packedBytes();
    }
    return packedBytes.getOrDefault(module, 0L);
  }

  private Map<String, Long> packedBytes() {
    Map<String, Long> bytes = new HashMap<>();
    for (String part : packed.parts()) {
      String module = part.substring(0, part.lastIndexOf('.'));
      Optional.ofNullable(shards.tensors().get(part))
          .ifPresent(t -> bytes.merge(module, t.byteSize(), Long::sum));
    }
    return bytes;
  }

  @Override
  public void close() {
    shards.close();
  }

  private record Stored(Path path, Map<String, Object> config, Map<String, StoredTensor> tensors)
      implements StoredTensors {
    @Override
    public Set<String> names() {
      return tensors.keySet();
    }

    @Override
    public Optional<StoredTensor> find(String name) {
      return Optional.ofNullable(tensors.get(name));
    }
  }

  /** The reader of a checkpoint in which nothing is packed. */
  private static final class Unpacked implements PackedReader {
    @Override
    public Set<String> modules() {
      return Set.of();
    }

    @Override
    public Set<String> parts() {
      return Set.of();
    }

    @Override
    public QuantizedMatrix read(String module) {
      throw new IllegalArgumentException("not a packed module: " + module);
    }
  }
}

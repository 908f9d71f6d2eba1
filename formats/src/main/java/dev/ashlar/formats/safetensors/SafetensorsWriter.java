package dev.ashlar.formats.safetensors;

import dev.ashlar.io.file.AtomicFile;
import dev.ashlar.io.file.FolderLock;
import dev.ashlar.io.json.JsonWriter;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.weights.StoredTensor;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Writes safetensors files, one tensor after another, in bounded memory: a single file, or shards
 * with their index where the limit is exceeded.
 *
 * <p>A shard's tensors are collected in a temporary file and laid out, when the shard is full, as
 * the reference library does: by element type, wider ones first, then by name. So the same tensors
 * in the same order give the same bytes. Nothing appears under a final name before {@link
 * #finish()}, and then the index last: a reader never accepts half a model. Temporary files that a
 * killed run left are removed when the next one begins; a second writer at the same time is
 * refused.
 */
public final class SafetensorsWriter implements AutoCloseable {
  /** The usual limit on a shard, in bytes. */
  public static final long DEFAULT_SHARD_BYTES = 5_000_000_000L;

  private static final int CHUNK = 1 << 16;
  private static final String SUFFIX = ".safetensors";
  private static final String MODEL = "model";

  private final Path folder;
  private final String stem;
  private final long maxShardBytes;
  private final Map<String, String> metadata;
  private final FolderLock lock;
  private final Set<String> names = new HashSet<>();
  private final List<Shard> sealed = new ArrayList<>();
  private Shard open;
  private long totalBytes;
  private boolean prepared;

  /** The index under its temporary name; null where there is one file. */
  private Path index;

  private SafetensorsWriter(
      Path folder, String stem, long maxShardBytes, Map<String, String> metadata) {
    this.folder = folder;
    this.stem = stem;
    this.maxShardBytes = maxShardBytes;
    this.metadata = Map.copyOf(metadata);
    try {
      AtomicFile.createFolders(folder);
    } catch (IOException e) {
      throw AtomicFile.cannotWrite(folder, e);
    }
    this.lock = FolderLock.take(folder, stem);
    try {
      AtomicFile.removeStale(folder, stem);
    } catch (IOException e) {
      lock.close();
      throw AtomicFile.cannotWrite(folder, e);
    }
  }

  /** Writes {@code model.safetensors} in {@code folder}, sharded beyond the default limit. */
  public static SafetensorsWriter inFolder(Path folder) {
    return inFolder(folder, DEFAULT_SHARD_BYTES);
  }

  /**
   * Writes {@code model.safetensors} in {@code folder}, or {@code model-00001-of-0000N.safetensors}
   * and so on with an index once the tensors exceed {@code maxShardBytes}. A larger tensor has a
   * shard of its own.
   */
  public static SafetensorsWriter inFolder(Path folder, long maxShardBytes) {
    if (maxShardBytes <= 0) {
      throw new IllegalArgumentException("shard size must be positive: " + maxShardBytes);
    }
    return new SafetensorsWriter(folder, MODEL, maxShardBytes, Map.of("format", "pt"));
  }

  /** Writes the single file {@code file}, whose name ends in {@code .safetensors}. */
  public static SafetensorsWriter toFile(Path file, Map<String, String> metadata) {
    String name = file.getFileName().toString();
    if (!name.endsWith(SUFFIX)) {
      throw new IllegalArgumentException("not a " + SUFFIX + " name: " + name);
    }
    String stem = name.substring(0, name.length() - SUFFIX.length());
    return new SafetensorsWriter(file.toAbsolutePath().getParent(), stem, Long.MAX_VALUE, metadata);
  }

  /**
   * Begins a tensor, whose elements are then given to the returned output in row-major order and in
   * pieces of any size. It must be closed, complete, before the next one begins.
   *
   * @throws IllegalArgumentException if the name was written before
   */
  public TensorOutput begin(String name, DType dtype, Shape shape) {
    return begin(name, SafetensorsType.of(dtype.name()), shape, shape.size() * dtype.bytes());
  }

  private TensorOutput begin(String name, SafetensorsType type, Shape shape, long bytes) {
    if (name.equals(SafetensorsFile.METADATA) || !names.add(name)) {
      throw new IllegalArgumentException("tensor written twice: " + name);
    }
    if (prepared) {
      throw new IllegalStateException("the files are laid out already: " + name);
    }
    try {
      if (open != null && open.bytes() > 0 && bytes > maxShardBytes - open.bytes()) {
        seal();
      }
      if (open == null) {
        open =
            new Shard(folder, String.format(Locale.ROOT, "%s-shard-%05d", stem, sealed.size() + 1));
      }
      totalBytes += bytes;
      return open.begin(name, type, shape, bytes);
    } catch (IOException e) {
      throw AtomicFile.cannotWrite(folder.resolve(stem + SUFFIX), e);
    }
  }

  /** Writes a float tensor, rounded to {@code dtype}: F32, F16, BF16 or F64. */
  public void floats(String name, DType dtype, Tensor tensor) {
    try (TensorOutput out = begin(name, dtype, tensor.shape())) {
      out.floats(tensor.data(), 0, tensor.size());
    }
  }

  /** Writes 32-bit words as I32, for packed codes. */
  public void ints(String name, Shape shape, int[] words) {
    try (TensorOutput out = begin(name, DType.I32, shape)) {
      out.ints(words, 0, words.length);
    }
  }

  /**
   * Copies a stored tensor byte for byte; one of a block-quantized type, which safetensors lacks,
   * is widened to F32.
   */
  public void copy(StoredTensor tensor) {
    SafetensorsType type = SafetensorsType.of(tensor.storage());
    if (type == null) {
      convert(tensor, DType.F32);
      return;
    }
    byte[] chunk = new byte[(int) Math.min(CHUNK, tensor.byteSize())];
    try (TensorOutput out = begin(tensor.name(), type, tensor.shape(), tensor.byteSize())) {
      for (long at = 0; at < tensor.byteSize(); at += chunk.length) {
        int n = (int) Math.min(chunk.length, tensor.byteSize() - at);
        tensor.readBytes(at, chunk, 0, n);
        out.bytes(chunk, 0, n);
      }
    }
  }

  /** Copies a stored float tensor, rounded to {@code dtype}; integers are copied unchanged. */
  public void convert(StoredTensor tensor, DType dtype) {
    if (!tensor.dtype().isFloat() || tensor.storage().equals(dtype.name())) {
      copy(tensor);
      return;
    }
    long size = tensor.shape().size();
    float[] chunk = new float[(int) Math.min(CHUNK, size)];
    try (TensorOutput out = begin(tensor.name(), dtype, tensor.shape())) {
      for (long at = 0; at < size; at += chunk.length) {
        int n = (int) Math.min(chunk.length, size - at);
        tensor.read(at, chunk, 0, n);
        out.floats(chunk, 0, n);
      }
    }
  }

  /** Ends the present shard, if anything is in it: the next tensor begins another. */
  public void endShard() {
    try {
      if (open != null && open.bytes() > 0) {
        seal();
      }
    } catch (IOException e) {
      throw AtomicFile.cannotWrite(folder.resolve(stem + SUFFIX), e);
    }
  }

  /** Bytes of all tensors so far. */
  public long totalBytes() {
    return totalBytes;
  }

  private void seal() throws IOException {
    open.seal(metadata);
    sealed.add(open);
    open = null;
  }

  /**
   * Lays out and syncs everything under temporary names: nothing is left to {@link #finish()} that
   * needs room. No tensor can be added any more.
   */
  public void prepare() {
    if (prepared) {
      return;
    }
    try {
      if (open == null && sealed.isEmpty()) {
        open = new Shard(folder, stem + "-shard-00001");
      }
      if (open != null) {
        seal();
      }
      if (sealed.size() > 1) {
        index = AtomicFile.ready(indexFile(), indexText());
      }
      prepared = true;
    } catch (IOException e) {
      throw AtomicFile.cannotWrite(folder.resolve(stem + SUFFIX), e);
    }
  }

  private Path indexFile() {
    return folder.resolve(stem + SUFFIX + ".index.json");
  }

  private Path file(int shard) {
    int n = sealed.size();
    String name =
        n == 1
            ? stem + SUFFIX
            : String.format(Locale.ROOT, "%s-%05d-of-%05d%s", stem, shard + 1, n, SUFFIX);
    return folder.resolve(name);
  }

  private String indexText() {
    Map<String, Object> weightMap = new TreeMap<>();
    for (int i = 0; i < sealed.size(); i++) {
      String file = file(i).getFileName().toString();
      sealed.get(i).names().forEach(name -> weightMap.put(name, file));
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("metadata", Map.of("total_size", totalBytes));
    json.put("weight_map", weightMap);
    return JsonWriter.pretty(json);
  }

  /**
   * Publishes everything: the files appear under their final names, the index last.
   *
   * @return the files of tensors, in order
   */
  public List<Path> finish() {
    prepare();
    try {
      List<Path> files = publish();
      removeOldShards(files);
      AtomicFile.syncFolder(folder);
      return files;
    } catch (IOException e) {
      throw AtomicFile.cannotWrite(folder.resolve(stem + SUFFIX), e);
    }
  }

  private List<Path> publish() throws IOException {
    // An older model's index or single file must not be read together with new shards.
    Files.deleteIfExists(indexFile());
    if (sealed.size() > 1) {
      Files.deleteIfExists(folder.resolve(stem + SUFFIX));
    }
    List<Path> files = new ArrayList<>();
    for (int i = 0; i < sealed.size(); i++) {
      AtomicFile.publish(sealed.get(i).file(), file(i));
      files.add(file(i));
    }
    if (index != null) {
      AtomicFile.syncFolder(folder);
      AtomicFile.publish(index, indexFile());
      index = null;
    }
    return files;
  }

  /**
   * Removes the lock that a killed writer of {@code model.safetensors} left in a folder.
   *
   * @return whether there was one
   * @throws dev.ashlar.io.InputException if a living writer has it
   */
  public static boolean removeStaleLock(Path folder) {
    return FolderLock.removeStale(folder, MODEL);
  }

  /** Whether a model in a folder may have a weight file of that name, which a new one replaces. */
  public static boolean isModelFile(String name) {
    return name.equals(MODEL + SUFFIX) || shard(MODEL).matcher(name).matches();
  }

  private static Pattern shard(String stem) {
    return Pattern.compile(Pattern.quote(stem) + "-\\d{5}-of-\\d{5}\\.safetensors");
  }

  private void removeOldShards(List<Path> current) throws IOException {
    Pattern shard = shard(stem);
    try (DirectoryStream<Path> all = Files.newDirectoryStream(folder)) {
      for (Path path : all) {
        if (shard.matcher(path.getFileName().toString()).matches() && !current.contains(path)) {
          Files.deleteIfExists(path);
        }
      }
    }
  }

  /** Releases everything; what was not published by {@link #finish()} is removed. */
  @Override
  public void close() {
    if (open != null) {
      open.discard();
    }
    sealed.forEach(Shard::discard);
    if (index != null) {
      AtomicFile.delete(index);
    }
    lock.close();
  }
}

package dev.ashlar.formats.gguf;

import dev.ashlar.io.InputException;
import dev.ashlar.io.file.OpenFile;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.weights.StoredTensor;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One GGUF file; its tensors are read when they are asked for and widen to float.
 *
 * <pre>
 *   "GGUF"  u32 version  u64 tensors  u64 keys
 *   keys:     string name, u32 type, value
 *   tensors:  string name, u32 rank, u64 extents (innermost first), u32 type, u64 offset
 *   padding to general.alignment (32), then the data that offsets refer to
 * </pre>
 *
 * <p>Versions 2 and 3, little-endian. Names and keys are the file's own; {@link GgufCheckpoint}
 * translates them.
 */
public final class GgufFile implements AutoCloseable {
  private final OpenFile file;
  private final Map<String, Object> metadata;
  private final Map<String, StoredTensor> tensors;

  private GgufFile(OpenFile file, Map<String, Object> metadata, Map<String, StoredTensor> tensors) {
    this.file = file;
    this.metadata = metadata;
    this.tensors = tensors;
  }

  /**
   * Opens and checks a file.
   *
   * @throws InputException if it cannot be read or is malformed
   */
  public static GgufFile open(Path path) {
    OpenFile file = OpenFile.open(path);
    try {
      return new Header(file).open();
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  public Path path() {
    return file.path();
  }

  /**
   * The metadata in file order: {@code Long} (or {@code BigInteger}), {@code Float}, {@code
   * Double}, {@code Boolean}, {@code String} and lists of these.
   */
  public Map<String, Object> metadata() {
    return metadata;
  }

  /** Names of all tensors in the order of the header. */
  public Set<String> names() {
    return tensors.keySet();
  }

  /** The tensor of that name, its extents outermost first, or empty. */
  public Optional<StoredTensor> find(String name) {
    return Optional.ofNullable(tensors.get(name));
  }

  @Override
  public void close() {
    file.close();
  }

  /** The checks, from front to back. */
  private static final class Header {
    private static final long LONGEST_KEY = 65_535;
    private static final int LONGEST_NAME = 64;
    private static final int MOST_DIMENSIONS = 4;

    /** Most tensors, and most keys; no published model comes near. */
    private static final long MOST_ENTRIES = 250_000;

    private static final int LEAST_KEY_BYTES = 8 + 1 + 4 + 1;
    private static final int LEAST_TENSOR_BYTES = 8 + 4 + 4 + 8;
    private static final long DEFAULT_ALIGNMENT = 32;
    private static final String ALIGNMENT = "general.alignment";

    private final OpenFile file;
    private final GgufCursor in;

    /** A tensor as the header has it. */
    private record Info(String name, long[] dims, int type, long offset) {}

    Header(OpenFile file) {
      this.file = file;
      this.in = new GgufCursor(file);
    }

    GgufFile open() {
      magic();
      version();
      long tensorCount = count("tensor count", LEAST_TENSOR_BYTES);
      long keyCount = count("key count", LEAST_KEY_BYTES);
      Map<String, Object> metadata = metadata(keyCount);
      long alignment = alignment(metadata);
      List<Info> infos = infos(tensorCount);
      long start = Math.ceilDiv(in.position(), alignment) * alignment;
      List<GgufTensor> tensors = new ArrayList<>();
      for (Info info : infos) {
        tensors.add(tensor(info, start, alignment));
      }
      requireTiled(tensors, start, alignment);
      Map<String, StoredTensor> byName = new LinkedHashMap<>();
      tensors.forEach(t -> byName.put(t.name(), t));
      return new GgufFile(
          file, Collections.unmodifiableMap(metadata), Collections.unmodifiableMap(byName));
    }

    private void magic() {
      if (file.size() < 4) {
        throw fault("", "a GGUF file", file.size() == 0 ? "an empty file" : file.size() + " bytes");
      }
      byte[] magic = new byte[4];
      file.bytes(0, magic, 0, 4);
      in.i32("magic");
      String text = new String(magic, StandardCharsets.ISO_8859_1);
      if (text.equals("GGUF")) {
        return;
      }
      String found =
          switch (text) {
            case "lmgg", "fmgg", "tjgg", "algg" -> "a GGML file from before GGUF";
            case "vers" -> "what may be a git-lfs pointer instead of the weights";
            case "<!do", "<htm", "<!DO" -> "a web page saved in place of the weights";
            default -> "another kind of file";
          };
      throw InputException.in(path())
          .expected("a GGUF file")
          .found(found)
          .hint("download the model again as GGUF")
          .exception();
    }

    private void version() {
      int version = in.i32("version");
      if (version == 2 || version == 3) {
        return;
      }
      int swapped = Integer.reverseBytes(version);
      if (swapped >= 1 && swapped <= 3) {
        throw InputException.in(path())
            .expected("a little-endian GGUF file")
            .found("a big-endian one")
            .hint("convert it with the tool that made it")
            .exception();
      }
      throw fault("", "GGUF version 2 or 3", "version " + Integer.toUnsignedString(version));
    }

    private long count(String what, int least) {
      long n = in.size(what);
      long most = Math.min(in.remaining() / least, MOST_ENTRIES);
      if (n > most) {
        throw fault(what, "at most " + most, Long.toString(n));
      }
      return n;
    }

    private Map<String, Object> metadata(long keyCount) {
      Map<String, Object> metadata = new LinkedHashMap<>();
      for (long i = 0; i < keyCount; i++) {
        String key = in.string("key " + i, LONGEST_KEY);
        if (key.isEmpty()) {
          throw fault("key " + i, "a name", "empty text");
        }
        if (metadata.containsKey(key)) {
          throw fault(key, "each key once", "it twice");
        }
        metadata.put(key, in.value(key));
      }
      return metadata;
    }

    private long alignment(Map<String, Object> metadata) {
      Object value = metadata.getOrDefault(ALIGNMENT, DEFAULT_ALIGNMENT);
      if (value instanceof Long a && a > 0 && a <= 1 << 30 && Long.bitCount(a) == 1) {
        return a;
      }
      throw fault(ALIGNMENT, "a power of two", value.getClass().getSimpleName() + " " + value);
    }

    private List<Info> infos(long tensorCount) {
      List<Info> infos = new ArrayList<>();
      Set<String> names = new HashSet<>();
      for (long i = 0; i < tensorCount; i++) {
        String name = in.string("name of tensor " + i, LONGEST_NAME);
        if (!names.add(name)) {
          throw fault(name, "each tensor once", "it twice");
        }
        int rank = in.i32(name);
        if (rank < 0 || rank > MOST_DIMENSIONS) {
          throw fault(
              name, "at most " + MOST_DIMENSIONS + " dimensions", Integer.toUnsignedString(rank));
        }
        long[] dims = new long[rank];
        for (int d = 0; d < rank; d++) {
          dims[rank - 1 - d] = in.size(name);
        }
        infos.add(new Info(name, dims, in.i32(name), in.size(name)));
      }
      return infos;
    }

    private GgufTensor tensor(Info info, long start, long alignment) {
      GgufType type = GgufType.of(info.type());
      if (type == null) {
        throw fault(
            info.name(),
            "a tensor type that can be read",
            "type " + Integer.toUnsignedString(info.type()));
      }
      Shape shape = shape(info);
      long innermost = shape.rank() == 0 ? 1 : shape.dim(-1);
      if (innermost % type.elements() != 0) {
        throw fault(
            info.name(),
            "rows of a multiple of " + type.elements() + " elements for " + type,
            "rows of " + innermost);
      }
      long bytes = byteSize(info, shape, type);
      if (info.offset() % alignment != 0) {
        throw fault(info.name(), "an offset aligned to " + alignment, "offset " + info.offset());
      }
      long available = Math.max(0, file.size() - start);
      if (info.offset() > available || bytes > available - info.offset()) {
        throw InputException.in(path())
            .place(info.name())
            .expected(bytes + " bytes from offset " + info.offset())
            .found(available + " bytes of data in all")
            .hint("the file was cut short: download it again")
            .exception();
      }
      return new GgufTensor(file, info.name(), shape, type, start + info.offset(), bytes);
    }

    private Shape shape(Info info) {
      try {
        return Shape.of(info.dims());
      } catch (IllegalArgumentException e) {
        throw InputException.in(path())
            .place(info.name())
            .problem("the element count of its shape overflows")
            .cause(e)
            .exception();
      }
    }

    private long byteSize(Info info, Shape shape, GgufType type) {
      try {
        return Math.multiplyExact(shape.size() / type.elements(), type.bytes());
      } catch (ArithmeticException e) {
        throw InputException.in(path())
            .place(info.name())
            .problem("the byte count of " + type + " " + shape + " overflows")
            .cause(e)
            .exception();
      }
    }

    /** Each tensor begins where the one before it ends, but for padding. */
    private void requireTiled(List<GgufTensor> tensors, long start, long alignment) {
      List<GgufTensor> sorted = new ArrayList<>(tensors);
      sorted.removeIf(t -> t.byteSize() == 0);
      sorted.sort(Comparator.comparingLong(GgufTensor::position));
      long end = start;
      String before = "";
      for (GgufTensor t : sorted) {
        if (t.position() < end) {
          throw fault(t.name(), "bytes of its own", "it sharing those of " + before);
        }
        long next = Math.ceilDiv(end, alignment) * alignment;
        if (t.position() != next) {
          throw fault(
              t.name(),
              "data to begin at " + (next - start) + ", where the data before it ends",
              "offset " + (t.position() - start));
        }
        end = t.position() + t.byteSize();
        before = t.name();
      }
    }

    private InputException fault(String what, String expected, String found) {
      return InputException.in(path()).place(what).expected(expected).found(found).exception();
    }

    private Path path() {
      return file.path();
    }
  }
}

package dev.ashlar.formats.safetensors;

import dev.ashlar.io.InputException;
import dev.ashlar.io.file.OpenFile;
import dev.ashlar.io.json.Json;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.weights.StoredTensor;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One safetensors file; its tensors are read when they are asked for.
 *
 * <pre>
 *   offset 0      u64 N, little-endian: length of the header
 *   offset 8      N bytes of UTF-8 JSON: name -> {"dtype", "shape", "data_offsets": [begin, end]}
 *                 and optionally "__metadata__": string -> string
 *   offset 8+N    the data that data_offsets refer to, without holes or overlaps
 * </pre>
 *
 * <p>Opening checks everything (docs/formats.md, safetensors): a file that opens has every byte of
 * its data claimed by exactly one tensor of the size its shape says. Data may begin at any offset:
 * old writers did not align it.
 */
public final class SafetensorsFile implements AutoCloseable {
  /** Longest header that is accepted, in bytes; the reference library has the same limit. */
  public static final long MAX_HEADER_BYTES = 100_000_000;

  /** Most tensors of a file; the largest of published models has a tenth of that in its shards. */
  static final int MOST_TENSORS = 250_000;

  /** Most dimensions of a tensor: what is published has at most five. */
  private static final int MOST_DIMENSIONS = 8;

  static final String METADATA = "__metadata__";

  private final OpenFile file;
  private final Map<String, StoredTensor> tensors;
  private final Map<String, String> metadata;

  private SafetensorsFile(
      OpenFile file, Map<String, StoredTensor> tensors, Map<String, String> metadata) {
    this.file = file;
    this.tensors = tensors;
    this.metadata = metadata;
  }

  /**
   * Opens and checks a file.
   *
   * @throws InputException if it cannot be read or is malformed
   */
  public static SafetensorsFile open(Path path) {
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

  /** Names of all tensors in the order of their data. */
  public Set<String> names() {
    return tensors.keySet();
  }

  /** The tensor of that name, or empty. */
  public Optional<StoredTensor> find(String name) {
    return Optional.ofNullable(tensors.get(name));
  }

  /**
   * The tensor of that name.
   *
   * @throws InputException if there is none
   */
  public StoredTensor tensor(String name) {
    StoredTensor t = tensors.get(name);
    if (t == null) {
      throw InputException.in(path()).place(name).problem("no such tensor").exception();
    }
    return t;
  }

  /** The file's own metadata; empty if it has none. */
  public Map<String, String> metadata() {
    return metadata;
  }

  @Override
  public void close() {
    file.close();
  }

  /** The checks, in the order of the specification. */
  private static final class Header {
    private final OpenFile file;
    private Map<String, String> metadata = Map.of();
    private long dataStart;

    Header(OpenFile file) {
      this.file = file;
    }

    SafetensorsFile open() {
      List<SafetensorsTensor> found = read(json());
      // An empty tensor shares its begin with the next one, so the end decides between them.
      found.sort(
          Comparator.comparingLong(SafetensorsTensor::position)
              .thenComparingLong(SafetensorsTensor::byteSize));
      long end = dataStart;
      for (SafetensorsTensor t : found) {
        if (t.position() != end) {
          throw fault(
              t.name(),
              "data to begin at " + (end - dataStart) + ", where the data before it ends",
              "data_offsets beginning at " + (t.position() - dataStart));
        }
        end += t.byteSize();
      }
      if (end != file.size()) {
        throw fault("", (end - dataStart) + " bytes of data", (file.size() - dataStart) + " bytes");
      }
      Map<String, StoredTensor> tensors = new LinkedHashMap<>();
      found.forEach(t -> tensors.put(t.name(), t));
      return new SafetensorsFile(file, Collections.unmodifiableMap(tensors), metadata);
    }

    /** One entry at a time: as plain values a long header is many times its size. */
    private List<SafetensorsTensor> read(byte[] json) {
      List<SafetensorsTensor> found = new ArrayList<>();
      long[] count = new long[1];
      Json.forEachEntry(
          json,
          path() + " (header)",
          (name, value) -> {
            if (name.equals(METADATA)) {
              metadata = metadata(value);
            } else if (++count[0] <= MOST_TENSORS) {
              found.add(tensor(name, value));
            }
          });
      if (count[0] > MOST_TENSORS) {
        throw fault("", "at most " + MOST_TENSORS + " tensors in a file", count[0] + " of them");
      }
      return found;
    }

    private byte[] json() {
      long size = file.size();
      if (size < Long.BYTES) {
        throw fault("", "a safetensors file", size == 0 ? "an empty file" : size + " bytes");
      }
      long[] length = new long[1];
      file.longs(0, length, 0, 1);
      long n = length[0];
      if (n < 2 || n > MAX_HEADER_BYTES || n > size - Long.BYTES) {
        refuseOtherKinds();
        throw fault(
            "",
            "a header of 2 to " + Math.min(MAX_HEADER_BYTES, size - Long.BYTES) + " bytes",
            "a header length of " + Long.toUnsignedString(n));
      }
      byte[] header = new byte[(int) n];
      file.bytes(Long.BYTES, header, 0, (int) n);
      if (header[0] != '{') {
        throw fault(
            "",
            "a header that begins with {",
            String.format(Locale.ROOT, "byte 0x%02x", header[0]));
      }
      dataStart = Long.BYTES + n;
      return header;
    }

    /** The usual things that are not safetensors: the message should say what they are. */
    private void refuseOtherKinds() {
      byte[] start = new byte[(int) Math.min(64, file.size())];
      file.bytes(0, start, 0, start.length);
      String text = new String(start, StandardCharsets.ISO_8859_1);
      String kind = null;
      String hint = "download the file again";
      if (text.startsWith("version https://git-lfs")) {
        kind = "a git-lfs pointer instead of the weights";
        hint = "run git lfs pull in the model's folder, or download the file itself";
      } else if (text.stripLeading().startsWith("<")) {
        kind = "a web page saved in place of the weights";
      } else if (text.startsWith("PK\u0003\u0004")) {
        kind = "a zipped PyTorch pickle, which is never read because it can run code";
        hint = "convert the model to safetensors with the tool that made it";
      } else if (text.startsWith("GGUF")) {
        kind = "a GGUF file";
        hint = "rename it to end in .gguf";
      }
      if (kind != null) {
        throw InputException.in(path())
            .expected("a safetensors file")
            .found(kind)
            .hint(hint)
            .exception();
      }
    }

    private Map<String, String> metadata(Object value) {
      Map<String, String> metadata = new LinkedHashMap<>();
      for (Map.Entry<String, Object> e : object(METADATA, value).entrySet()) {
        if (!(e.getValue() instanceof String s)) {
          throw fault(METADATA, "a string for " + e.getKey(), Json.describe(e.getValue()));
        }
        metadata.put(e.getKey(), s);
      }
      return Collections.unmodifiableMap(metadata);
    }

    private SafetensorsTensor tensor(String name, Object value) {
      Map<String, Object> info = object(name, value);
      if (!(info.get("dtype") instanceof String dtype)) {
        throw fault(name, "a dtype", Json.describe(info.get("dtype")));
      }
      SafetensorsType type = SafetensorsType.of(dtype);
      if (type == null) {
        throw fault(name, "one of the dtypes " + SafetensorsType.spellings(), dtype);
      }
      Shape shape = shape(name, info.get("shape"));
      long[] offsets = naturals(name, "data_offsets", info.get("data_offsets"));
      if (offsets.length != 2 || offsets[0] > offsets[1]) {
        throw fault(name, "data_offsets [begin, end]", Json.describe(info.get("data_offsets")));
      }
      long bytes = byteSize(name, shape, type);
      if (offsets[1] - offsets[0] != bytes) {
        throw fault(
            name,
            bytes + " bytes for " + type.name() + " " + shape,
            (offsets[1] - offsets[0]) + " bytes");
      }
      if (offsets[1] > file.size() - dataStart) {
        throw InputException.in(path())
            .place(name)
            .expected("data up to byte " + offsets[1])
            .found("a file whose data ends at " + (file.size() - dataStart))
            .hint("the file was cut short: download it again")
            .exception();
      }
      return new SafetensorsTensor(file, name, shape, type, dataStart + offsets[0], bytes);
    }

    private Shape shape(String name, Object value) {
      long[] dims = naturals(name, "shape", value);
      if (dims.length > MOST_DIMENSIONS) {
        throw fault(name, "at most " + MOST_DIMENSIONS + " dimensions", dims.length + "");
      }
      try {
        return Shape.of(dims);
      } catch (IllegalArgumentException e) {
        throw InputException.in(path())
            .place(name)
            .problem("the element count of its shape overflows")
            .cause(e)
            .exception();
      }
    }

    private long byteSize(String name, Shape shape, SafetensorsType type) {
      try {
        long bits = Math.multiplyExact(shape.size(), type.bits());
        if (bits % 8 == 0) {
          return bits / 8;
        }
        throw fault(name, "a whole number of bytes", bits + " bits");
      } catch (ArithmeticException e) {
        throw InputException.in(path())
            .place(name)
            .problem("the byte count of " + type.name() + " " + shape + " overflows")
            .cause(e)
            .exception();
      }
    }

    private long[] naturals(String name, String field, Object value) {
      if (!(value instanceof List<?> list)) {
        throw fault(name, field + " as a list", Json.describe(value));
      }
      long[] numbers = new long[list.size()];
      for (int i = 0; i < numbers.length; i++) {
        if (!(list.get(i) instanceof Long n) || n < 0) {
          throw fault(name, "whole numbers from 0 in " + field, Json.describe(list.get(i)));
        }
        numbers[i] = n;
      }
      return numbers;
    }

    private Map<String, Object> object(String name, Object value) {
      if (value instanceof Map<?, ?>) {
        return Json.asObject(value, path().toString());
      }
      throw fault(name, "an object", Json.describe(value));
    }

    private InputException fault(String tensor, String expected, String found) {
      return InputException.in(path()).place(tensor).expected(expected).found(found).exception();
    }

    private Path path() {
      return file.path();
    }
  }
}

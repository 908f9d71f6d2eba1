package dev.ashlar.tuning.work;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.method.TuningHistory;
import dev.ashlar.tuning.method.UnitResult;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One finished unit in a file, all numbers big-endian:
 *
 * <pre>
 * 8 bytes   "ASHUNIT3"
 * string    hash of the job
 * string    name of the unit
 * int64     checksum of the float weights it was made from
 * int32     layers, then for each:
 *   string  module name, then what {@link MatrixRecord} writes
 * int32     changed tensors, then for each:
 *   string  name
 *   int32   dimensions, then int64 each
 *   float32 elements
 * byte      whether there is a history; if so:
 *   int32   losses, then float64 each; int32 best iteration; float64 best loss; byte diverged
 * int32     figures, then for each: string name; float64 value
 * 32 bytes  SHA-256 of everything before
 * </pre>
 *
 * Strings are modified UTF-8 with a 16-bit length, as {@link DataOutputStream#writeUTF} has them.
 */
final class UnitFile {
  private static final long MAGIC = 0x415348554E495433L;
  private static final int HASH_BYTES = 32;
  private static final int CHUNK = 1 << 16;

  private UnitFile() {}

  /** A file that does not hold what it should: it will be made again. */
  static final class Stale extends IOException {
    private static final long serialVersionUID = 1L;

    Stale(String reason) {
      super(reason);
    }
  }

  /** Whether a file begins as one of these does, in whatever version. */
  static boolean isOne(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] start = in.readNBytes(Long.BYTES);
      return start.length == Long.BYTES && ByteBuffer.wrap(start).getLong() >>> 8 == MAGIC >>> 8;
    } catch (IOException e) {
      return false;
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  static void write(OutputStream target, String job, String unit, long weights, UnitResult result)
      throws IOException {
    MessageDigest sha = sha256();
    DataOutputStream out =
        new DataOutputStream(new BufferedOutputStream(new DigestOutputStream(target, sha), CHUNK));
    out.writeLong(MAGIC);
    out.writeUTF(job);
    out.writeUTF(unit);
    out.writeLong(weights);
    out.writeInt(result.layers().size());
    for (Map.Entry<String, QuantizedMatrix> e : result.layers().entrySet()) {
      out.writeUTF(e.getKey());
      MatrixRecord.write(out, e.getValue());
    }
    out.writeInt(result.tensors().size());
    for (Map.Entry<String, Tensor> e : result.tensors().entrySet()) {
      out.writeUTF(e.getKey());
      write(out, e.getValue());
    }
    out.writeBoolean(result.history().isPresent());
    if (result.history().isPresent()) {
      write(out, result.history().get());
    }
    out.writeInt(result.figures().size());
    for (Map.Entry<String, Double> e : result.figures().entrySet()) {
      out.writeUTF(e.getKey());
      out.writeDouble(e.getValue());
    }
    out.flush();
    target.write(sha.digest());
    target.flush();
  }

  private static void write(DataOutputStream out, Tensor t) throws IOException {
    out.writeInt(t.shape().rank());
    for (int i = 0; i < t.shape().rank(); i++) {
      out.writeLong(t.shape().dim(i));
    }
    ByteBuffer elements = ByteBuffer.allocate(Math.multiplyExact(t.size(), Float.BYTES));
    elements.asFloatBuffer().put(t.data(), 0, t.size());
    out.write(elements.array());
  }

  private static void write(DataOutputStream out, TuningHistory h) throws IOException {
    out.writeInt(h.losses().size());
    for (double loss : h.losses()) {
      out.writeDouble(loss);
    }
    out.writeInt(h.bestIteration());
    out.writeDouble(h.bestLoss());
    out.writeBoolean(h.diverged());
  }

  /**
   * @throws Stale if the file is cut, changed, or of another job, unit or model
   */
  static UnitResult read(Path file, String job, String unit, long weights) throws IOException {
    verify(file);
    try (DataInputStream in =
        new DataInputStream(new BufferedInputStream(Files.newInputStream(file), CHUNK))) {
      require(in.readLong() == MAGIC, "it is not a unit file");
      require(in.readUTF().equals(job), "it belongs to another job");
      require(in.readUTF().equals(unit), "it holds another unit");
      require(in.readLong() == weights, "the model's weights have changed");
      Map<String, QuantizedMatrix> layers = new LinkedHashMap<>();
      int count = in.readInt();
      for (int i = 0; i < count; i++) {
        layers.put(in.readUTF(), MatrixRecord.read(in));
      }
      Map<String, Tensor> changed = new LinkedHashMap<>();
      int tensors = in.readInt();
      for (int i = 0; i < tensors; i++) {
        changed.put(in.readUTF(), floats(in));
      }
      Optional<TuningHistory> history =
          in.readBoolean() ? Optional.of(history(in)) : Optional.empty();
      Map<String, Double> figures = new LinkedHashMap<>();
      int stated = in.readInt();
      for (int i = 0; i < stated; i++) {
        figures.put(in.readUTF(), in.readDouble());
      }
      return new UnitResult(layers, changed, history, figures);
    }
  }

  /** Checks the hash first, so that what is read afterwards is what was once written. */
  private static void verify(Path file) throws IOException {
    long body = Files.size(file) - HASH_BYTES;
    require(body > 0, "it is cut short");
    MessageDigest sha = sha256();
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), sha)) {
      byte[] chunk = new byte[CHUNK];
      long left = body;
      while (left > 0) {
        int n = in.read(chunk, 0, (int) Math.min(chunk.length, left));
        require(n > 0, "it is cut short");
        left -= n;
      }
      byte[] found = sha.digest();
      byte[] stored = in.readNBytes(HASH_BYTES);
      require(MessageDigest.isEqual(found, stored), "its hash does not match its content");
    }
  }

  private static void require(boolean good, String reason) throws Stale {
    if (!good) {
      throw new Stale(reason);
    }
  }

  private static Tensor floats(DataInputStream in) throws IOException {
    long[] dims = new long[in.readInt()];
    for (int i = 0; i < dims.length; i++) {
      dims[i] = in.readLong();
    }
    Tensor t = Tensor.zeros(dims);
    ByteBuffer.wrap(in.readNBytes(Math.multiplyExact(t.size(), Float.BYTES)))
        .asFloatBuffer()
        .get(t.data(), 0, t.size());
    return t;
  }

  private static TuningHistory history(DataInputStream in) throws IOException {
    int count = in.readInt();
    List<Double> losses = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      losses.add(in.readDouble());
    }
    return new TuningHistory(losses, in.readInt(), in.readDouble(), in.readBoolean());
  }
}

package dev.ashlar.tuning.work;

import dev.ashlar.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/** A checksum of float weights, by which a finished unit knows the model it was made from. */
public final class WeightChecksum {
  private static final int CHUNK = 1 << 14;

  private final CRC32C crc = new CRC32C();
  private final ByteBuffer chunk =
      ByteBuffer.allocate(CHUNK * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);

  /** The checksum of nothing yet. */
  public WeightChecksum() {}

  /** Adds a tensor. */
  public void add(Tensor t) {
    for (int at = 0; at < t.size(); at += CHUNK) {
      int n = Math.min(CHUNK, t.size() - at);
      chunk.clear();
      chunk.asFloatBuffer().put(t.data(), at, n);
      crc.update(chunk.limit(n * Float.BYTES));
    }
  }

  /** The checksum of all tensors so far, in order. */
  public long value() {
    return crc.getValue();
  }
}

package dev.ashlar.tuning.lora;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * A training's state in bytes, so that it can go on after it was interrupted and ends in the same
 * bytes.
 *
 * <pre>
 *   8 bytes  "ASHLORA1"
 *   i32      length of what says which training it is, then that in UTF-8
 *   f64      loss on held-out data before the first step
 *   i32      steps done
 *   floats   factors and moments, in the order of the training
 *   i64      CRC-32C of all before
 * </pre>
 */
public final class TrainingState {
  private static final byte[] MAGIC = "ASHLORA1".getBytes(StandardCharsets.US_ASCII);
  private static final int FIXED = 8 + 4 + 8 + 4 + 8;

  private TrainingState() {}

  /**
   * The state of a training.
   *
   * @param identity everything that decides its result
   * @param before loss on held-out data before the first step
   */
  public static byte[] save(LoraTraining training, String identity, double before) {
    byte[] name = identity.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.toIntExact(size(training, name))).order(ByteOrder.LITTLE_ENDIAN);
    bytes.put(MAGIC).putInt(name.length).put(name).putDouble(before).putInt(training.done());
    for (float[] values : training.arrays()) {
      bytes.asFloatBuffer().put(values);
      bytes.position(bytes.position() + values.length * Float.BYTES);
    }
    CRC32C crc = new CRC32C();
    crc.update(bytes.array(), 0, bytes.position());
    return bytes.putLong(crc.getValue()).array();
  }

  private static long size(LoraTraining training, byte[] name) {
    long floats = training.arrays().stream().mapToLong(a -> a.length).sum();
    return FIXED + name.length + floats * Float.BYTES;
  }

  /** Why a state cannot be gone on from. */
  public static final class OtherTrainingException extends RuntimeException {
    private static final long serialVersionUID = 1;

    OtherTrainingException(String message) {
      super(message);
    }
  }

  /**
   * Puts a state back.
   *
   * @return the loss on held-out data before the first step
   * @throws OtherTrainingException if the state is of another training, or damaged
   */
  public static double restore(byte[] state, LoraTraining training, String identity) {
    byte[] name = identity.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes = ByteBuffer.wrap(state).order(ByteOrder.LITTLE_ENDIAN);
    if (!intact(state)) {
      throw new OtherTrainingException("is no state of a training, or is damaged");
    }
    bytes.position(MAGIC.length);
    byte[] found = new byte[Math.clamp(bytes.getInt(), 0, bytes.remaining())];
    bytes.get(found);
    if (!Arrays.equals(found, name) || state.length != size(training, name)) {
      throw new OtherTrainingException("is the state of another training");
    }
    double before = bytes.getDouble();
    int done = bytes.getInt();
    for (float[] values : training.arrays()) {
      bytes.asFloatBuffer().get(values);
      bytes.position(bytes.position() + values.length * Float.BYTES);
    }
    training.resume(done);
    return before;
  }

  private static boolean intact(byte[] state) {
    int end = state.length - Long.BYTES;
    if (state.length < FIXED || !Arrays.equals(Arrays.copyOf(state, MAGIC.length), MAGIC)) {
      return false;
    }
    CRC32C crc = new CRC32C();
    crc.update(state, 0, end);
    return ByteBuffer.wrap(state).order(ByteOrder.LITTLE_ENDIAN).getLong(end) == crc.getValue();
  }
}

package dev.ashlar.tuning.lora;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** States of any size come back as they were, or not at all. */
class TrainingStateTest {
  private static final String IDENTITY = "model options maps";

  @TempDir Path folder;

  private static List<float[]> arrays(float factor) {
    float[] large = new float[40_000];
    for (int i = 0; i < large.length; i++) {
      large[i] = factor * i;
    }
    return List.of(new float[] {factor}, large, new float[] {-factor, 3});
  }

  private static byte[] saved(List<float[]> arrays) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    TrainingState.save(arrays, 7, IDENTITY, 2.5, Channels.newChannel(out));
    return out.toByteArray();
  }

  private TrainingState.Found restored(byte[] state, List<float[]> arrays, String identity)
      throws IOException {
    Path file = Files.write(folder.resolve("state"), state);
    try (FileChannel in = FileChannel.open(file)) {
      return TrainingState.restore(in, arrays, identity);
    }
  }

  @Test
  void whatWasSavedComesBack() throws IOException {
    List<float[]> found = arrays(0);
    assertEquals(new TrainingState.Found(2.5, 7), restored(saved(arrays(2)), found, IDENTITY));
    List<float[]> expected = arrays(2);
    for (int i = 0; i < expected.size(); i++) {
      assertArrayEquals(expected.get(i), found.get(i));
    }
  }

  /** Whatever is wrong with the bytes, nothing of them is taken. */
  @Test
  void damagedShortAndOtherStatesChangeNothing() throws IOException {
    byte[] whole = saved(arrays(2));
    for (int at : new int[] {0, 9, 20, 31, 40, 4000, whole.length - 12, whole.length - 1}) {
      byte[] damaged = whole.clone();
      damaged[at] ^= 1;
      assertRefused(damaged, IDENTITY, "is no state of a training, or is damaged");
    }
    for (int length : new int[] {0, 5, 31, 32, 4000, whole.length - 1}) {
      assertRefused(
          Arrays.copyOf(whole, length), IDENTITY, "is no state of a training, or is damaged");
    }
    assertRefused(whole, "model options mapz", "is the state of another training");
    assertRefused(whole, "model", "is the state of another training");
    assertRefused(saved(List.of(new float[] {1})), IDENTITY, "is the state of another training");
  }

  private void assertRefused(byte[] state, String identity, String sentence) {
    List<float[]> found = arrays(5);
    TrainingState.OtherTrainingException e =
        assertThrows(
            TrainingState.OtherTrainingException.class, () -> restored(state, found, identity));
    assertEquals(sentence, e.getMessage());
    List<float[]> before = arrays(5);
    for (int i = 0; i < before.size(); i++) {
      assertArrayEquals(before.get(i), found.get(i));
    }
  }

  /** More than an array, or a buffer, can hold; memory has a piece of it at a time. */
  @Test
  void statesOfMoreThanTwoGibibytesAreWrittenAndRead() throws IOException {
    float[] values = new float[1 << 24];
    Arrays.fill(values, 1f);
    List<float[]> arrays = Collections.nCopies(40, values);
    Ones file = new Ones();
    TrainingState.save(arrays, 3, IDENTITY, 1.5, file);
    assertTrue(file.size() > 1L << 31, "only " + file.size());
    assertEquals(new TrainingState.Found(1.5, 3), TrainingState.restore(file, arrays, IDENTITY));
    assertTrue(file.largest <= 1 << 20, "a piece of " + file.largest);
  }

  /** A file that keeps what it begins and ends with; all between are ones. */
  private static final class Ones implements SeekableByteChannel, WritableByteChannel {
    private static final int KEPT = 1 << 12;

    private final byte[] head = new byte[KEPT];
    private final byte[] tail = new byte[Long.BYTES];
    private final byte[] ones = new byte[1 << 20];
    private long size;
    private long position;
    private int largest;

    Ones() {
      ByteBuffer all = ByteBuffer.wrap(ones).order(ByteOrder.LITTLE_ENDIAN);
      while (all.hasRemaining()) {
        all.putFloat(1f);
      }
    }

    @Override
    public int write(ByteBuffer bytes) {
      int n = bytes.remaining();
      largest = Math.max(largest, n);
      for (int i = 0; size + i < KEPT && i < n; i++) {
        head[(int) size + i] = bytes.get(bytes.position() + i);
      }
      if (n == Long.BYTES) {
        bytes.get(bytes.position(), tail);
      }
      bytes.position(bytes.limit());
      size += n;
      return n;
    }

    @Override
    public int read(ByteBuffer bytes) {
      int n = (int) Math.min(bytes.remaining(), size - position);
      largest = Math.max(largest, n);
      // The first float begins where what stands before all floats ends.
      int shift = (32 - Long.BYTES + IDENTITY.length()) % Float.BYTES;
      long first = position;
      int from = bytes.position();
      bytes.put(ones, (int) ((first + Float.BYTES - shift) % Float.BYTES), n);
      for (long at = first; at < Math.min(KEPT, first + n); at++) {
        bytes.put(from + (int) (at - first), head[(int) at]);
      }
      for (long at = Math.max(first, size - Long.BYTES); at < first + n; at++) {
        bytes.put(from + (int) (at - first), tail[(int) (at - size + Long.BYTES)]);
      }
      position += n;
      return n == 0 ? -1 : n;
    }

    @Override
    public long position() {
      return position;
    }

    @Override
    public SeekableByteChannel position(long at) {
      position = at;
      return this;
    }

    @Override
    public long size() {
      return size;
    }

    @Override
    public SeekableByteChannel truncate(long to) {
      throw new UnsupportedOperationException();
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }
}

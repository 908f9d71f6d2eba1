package dev.ashlar.io.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.io.InputException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is read is what the file holds, whoever is interrupted, or a fault that says why not. */
class OpenFileTest {
  /** More than is read at a time, and no multiple of it. */
  private static final int LENGTH = 500_003;

  @TempDir Path folder;

  private Path file(String name, byte[] content) throws IOException {
    return Files.write(folder.resolve(name), content);
  }

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  @Test
  void nothingIsReadAnywhere() throws IOException {
    try (OpenFile file = OpenFile.open(file("short", random(10)))) {
      file.floats(16, new float[1], 1, 0);
      assertEquals(0, file.buffer(16, 0).remaining());
      assertThrows(IndexOutOfBoundsException.class, () -> file.buffer(10, 1));
    }
  }

  @Test
  void everyWidthAtOddPositions() throws IOException {
    byte[] content = random(LENGTH);
    try (OpenFile file = OpenFile.open(file("a", content))) {
      assertEquals(LENGTH, file.size());
      for (int position : new int[] {0, 1, 7, 131_071, 131_072, 400_001}) {
        int count = (LENGTH - position) / Long.BYTES - 1;
        ByteBuffer expected = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
        byte[] bytes = new byte[count + 2];
        short[] shorts = new short[count + 2];
        int[] ints = new int[count + 2];
        long[] longs = new long[count + 2];
        float[] floats = new float[count + 2];
        file.bytes(position, bytes, 1, count);
        file.shorts(position, shorts, 1, count);
        file.ints(position, ints, 1, count);
        file.longs(position, longs, 1, count);
        file.floats(position, floats, 1, count);
        for (int i = 0; i < count; i++) {
          assertEquals(content[position + i], bytes[i + 1]);
          assertEquals(expected.getShort(position + 2 * i), shorts[i + 1]);
          assertEquals(expected.getInt(position + 4 * i), ints[i + 1]);
          assertEquals(expected.getLong(position + 8 * i), longs[i + 1]);
          assertEquals(expected.getInt(position + 4 * i), Float.floatToRawIntBits(floats[i + 1]));
        }
        for (int edge : new int[] {0, count + 1}) {
          assertEquals(0, bytes[edge] | shorts[edge] | ints[edge] | longs[edge]);
          assertEquals(0, floats[edge]);
        }
      }
      assertEquals(expectedWord(content), file.buffer(3, 4).getInt());
      file.floats(LENGTH, new float[0], 0, 0);
    }
  }

  private static int expectedWord(byte[] content) {
    return ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN).getInt(3);
  }

  @Test
  void nothingBeyondTheEndIsRead() throws IOException {
    Path path = file("a", random(100));
    try (OpenFile file = OpenFile.open(path)) {
      Files.write(path, new byte[100], StandardOpenOption.APPEND);
      byte[] target = new byte[101];
      assertThrows(IndexOutOfBoundsException.class, () -> file.bytes(0, target, 0, 101));
      assertThrows(IndexOutOfBoundsException.class, () -> file.bytes(-1, target, 0, 10));
      assertThrows(IndexOutOfBoundsException.class, () -> file.bytes(0, target, 95, 10));
      assertThrows(IndexOutOfBoundsException.class, () -> file.longs(50, new long[7], 0, 7));
    }
    try (OpenFile empty = OpenFile.open(file("empty", new byte[0]))) {
      assertEquals(0, empty.size());
      empty.bytes(0, new byte[0], 0, 0);
    }
  }

  @Test
  void aFileThatIsTruncatedIsOneFault() throws IOException {
    Path path = file("a", random(LENGTH));
    try (OpenFile file = OpenFile.open(path)) {
      try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
        channel.truncate(200_001);
      }
      byte[] head = new byte[200_001];
      file.bytes(0, head, 0, head.length);
      assertArrayEquals(Arrays.copyOf(random(LENGTH), head.length), head);
      for (int i = 0; i < 1000; i++) {
        String message =
            assertThrows(InputException.class, () -> file.floats(200_000, new float[1], 0, 1))
                .getMessage();
        assertTrue(message.contains(path + ": was truncated while it was open"), message);
      }
      assertThrows(InputException.class, () -> file.bytes(0, new byte[LENGTH], 0, LENGTH));
      assertThrows(InputException.class, () -> file.longs(0, new long[60_000], 0, 60_000));
    }
  }

  @Test
  void whatTheNameComesToMeanDoesNotMatter() throws IOException {
    byte[] content = random(LENGTH);
    Path path = file("a", content);
    try (OpenFile file = OpenFile.open(path)) {
      Files.move(file("b", new byte[10]), path, StandardCopyOption.REPLACE_EXISTING);
      assertArrayEquals(content, file.buffer(0, LENGTH).array());
      Files.delete(path);
      assertArrayEquals(content, file.buffer(0, LENGTH).array());
    }
  }

  @Test
  void anInterruptedThreadReadsOnAndStaysInterrupted() throws IOException {
    byte[] content = random(LENGTH);
    try (OpenFile file = OpenFile.open(file("a", content))) {
      for (int i = 0; i < 3; i++) {
        Thread.currentThread().interrupt();
        byte[] read = file.buffer(0, LENGTH).array();
        assertTrue(Thread.interrupted());
        assertArrayEquals(content, read);
      }
    }
  }

  @Test
  void interruptsDoNotDisturbOtherThreads() throws Exception {
    byte[] content = random(LENGTH);
    try (OpenFile file = OpenFile.open(file("a", content))) {
      Thread[] readers = new Thread[3];
      FutureTask<?>[] ends = new FutureTask<?>[readers.length];
      for (int r = 0; r < readers.length; r++) {
        ends[r] =
            new FutureTask<>(
                () -> {
                  for (int i = 0; i < 200; i++) {
                    assertArrayEquals(content, file.buffer(0, LENGTH).array());
                  }
                  return null;
                });
        readers[r] = new Thread(ends[r]);
        readers[r].start();
      }
      while (readers[0].isAlive() || readers[1].isAlive()) {
        readers[0].interrupt();
        readers[1].interrupt();
        Thread.onSpinWait();
      }
      for (FutureTask<?> end : ends) {
        end.get();
      }
    }
  }

  @Test
  void anotherFileIsNotTakenForThisOne() throws IOException {
    Path path = file("a", random(LENGTH));
    byte[] one = new byte[1];
    try (OpenFile file = OpenFile.open(path)) {
      Files.move(file("b", random(LENGTH)), path, StandardCopyOption.REPLACE_EXISTING);
      Assumptions.assumeTrue(
          Files.readAttributes(path, java.nio.file.attribute.BasicFileAttributes.class).fileKey()
              != null,
          "skipped: files have no identity here");
      for (int i = 0; i < 3; i++) {
        Thread.currentThread().interrupt();
        String message =
            assertThrows(InputException.class, () -> file.bytes(0, one, 0, 1)).getMessage();
        assertTrue(Thread.interrupted());
        assertTrue(message.contains("became another file while it was open"), message);
      }
    }
  }

  @Test
  void aClosedFileIsTheCallersFault() throws IOException {
    OpenFile file = OpenFile.open(file("a", random(10)));
    file.close();
    file.close();
    assertThrows(IllegalStateException.class, () -> file.bytes(0, new byte[1], 0, 1));
  }

  @Test
  void whatWasReadIsNotResident() throws IOException {
    Path status = Path.of("/proc/self/status");
    Assumptions.assumeTrue(Files.exists(status), "skipped: the system does not say");
    Path path = folder.resolve("large");
    int length = 64 << 20;
    try (RandomAccessFile sparse = new RandomAccessFile(path.toFile(), "rw")) {
      sparse.setLength(length);
    }
    try (OpenFile file = OpenFile.open(path)) {
      byte[] chunk = new byte[1 << 20];
      file.bytes(0, chunk, 0, 1);
      long before = filePages(status);
      for (int at = 0; at < length; at += chunk.length) {
        file.bytes(at, chunk, 0, chunk.length);
      }
      long grown = filePages(status) - before;
      assertFalse(grown > 16 << 10, grown + " kB of file pages came with reading 64 MB");
    }
  }

  private static long filePages(Path status) throws IOException {
    return Files.readAllLines(status).stream()
        .filter(l -> l.startsWith("RssFile:"))
        .mapToLong(l -> Long.parseLong(l.replaceAll("\\D", "")))
        .sum();
  }
}

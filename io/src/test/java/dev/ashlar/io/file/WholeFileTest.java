package dev.ashlar.io.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.io.InputException;
import dev.ashlar.io.json.Json;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Small files are regular and of bounded size, whatever lies under their names. */
class WholeFileTest {
  @TempDir Path folder;

  private static String refused(Path file) {
    String message =
        assertTimeoutPreemptively(
            Duration.ofSeconds(10),
            () -> assertThrows(InputException.class, () -> WholeFile.text(file, 100)).getMessage());
    assertTimeoutPreemptively(
        Duration.ofSeconds(10),
        () -> assertThrows(InputException.class, () -> Json.readObject(file, 100)));
    String name = file.toString();
    assertEquals(message.indexOf(name), message.lastIndexOf(name), "the path twice: " + message);
    assertFalse(message.contains("Exception"), message);
    return message;
  }

  @Test
  void textOfAnyLengthWithinTheBound() throws IOException {
    Path file = Files.writeString(folder.resolve("a"), "ä".repeat(50));
    assertEquals("ä".repeat(50), WholeFile.text(file, 100));
    Path link = Files.createSymbolicLink(folder.resolve("link"), file);
    assertEquals(100, WholeFile.bytes(link, 100, "text").length);
    assertEquals("", WholeFile.text(Files.createFile(folder.resolve("empty")), 0));
  }

  @Test
  void pipesAndDevicesAreNeverOpened() throws IOException {
    for (Path device : new Path[] {Path.of("/dev/zero"), Path.of("/dev/stdin")}) {
      if (Files.exists(device) && !Files.isRegularFile(device) && !Files.isDirectory(device)) {
        assertTrue(refused(device).contains("a device"));
        Path link = folder.resolve(device.getFileName() + ".json");
        assertTrue(refused(Files.createSymbolicLink(link, device)).contains("a device"));
        assertThrows(InputException.class, () -> OpenFile.open(device));
      }
    }
    Path pipe = Special.pipe(folder.resolve("pipe"));
    assertTrue(refused(pipe).contains("a pipe"));
    assertThrows(InputException.class, () -> OpenFile.open(pipe));
  }

  @Test
  void sizesAreNamed() throws IOException {
    Path file = folder.resolve("large");
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.setLength(1L << 40);
    }
    String message = refused(file);
    assertTrue(message.contains("at most 100 bytes"), message);
    assertTrue(message.contains("1099511627776 bytes"), message);
    assertTrue(
        assertThrows(InputException.class, () -> Json.readObject(file))
            .getMessage()
            .contains("16777216"));
  }

  @Test
  void everyReasonIsSaidInWords() throws IOException {
    assertTrue(refused(folder.resolve("none")).contains("no such file"));
    assertTrue(refused(folder).contains("a folder"));
    Path file = Files.write(folder.resolve("latin"), new byte[] {'a', (byte) 0xE4});
    assertTrue(refused(file).contains("not valid UTF-8"));
    assertTrue(refused(file.resolve("below")).contains("no such file"));
    Path circle = folder.resolve("circle");
    Files.createSymbolicLink(circle, circle);
    assertTrue(refused(circle).contains("circle"));
    assertTrue(
        assertThrows(InputException.class, () -> WholeFile.text(Path.of(""), 1))
            .getMessage()
            .contains("empty"));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("---------"));
    Assumptions.assumeFalse(Files.isReadable(file), "skipped: this user may read everything");
    assertTrue(refused(file).contains("permission denied"));
  }
}

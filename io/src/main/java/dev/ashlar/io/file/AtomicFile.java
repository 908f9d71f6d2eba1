package dev.ashlar.io.file;

import dev.ashlar.io.InputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * Files that are whole or absent: written under a temporary name in the same folder, synced,
 * renamed over the final name, and the folder synced.
 */
public final class AtomicFile {
  /** Ends every temporary name, so that what a killed run left behind can be recognised. */
  public static final String TEMPORARY_SUFFIX = ".ashlar-part";

  private AtomicFile() {}

  /** The temporary name under which {@code file} is written. */
  public static Path temporary(Path file) {
    return file.resolveSibling("." + file.getFileName() + TEMPORARY_SUFFIX);
  }

  /** Writes all of {@code content} to {@code file}, replacing it at once. */
  public static void write(Path file, byte[] content) {
    Path temporary = temporary(file);
    try {
      try (FileChannel channel = create(temporary)) {
        ByteBuffer buffer = ByteBuffer.wrap(content);
        while (buffer.hasRemaining()) {
          channel.write(buffer);
        }
        channel.force(true);
      }
      publish(temporary, file);
      syncFolder(file.toAbsolutePath().getParent());
    } catch (IOException e) {
      delete(temporary);
      throw cannotWrite(file, e);
    }
  }

  /** Writes {@code text} as UTF-8. */
  public static void write(Path file, String text) {
    write(file, text.getBytes(StandardCharsets.UTF_8));
  }

  /** Copies the bytes of {@code source}, following links, to {@code file}. */
  public static void copy(Path source, Path file) {
    Path temporary = temporary(file);
    try {
      try (FileChannel in = FileChannel.open(source, StandardOpenOption.READ);
          FileChannel out = create(temporary)) {
        transfer(in, 0, in.size(), out);
        out.force(true);
      }
      publish(temporary, file);
      syncFolder(file.toAbsolutePath().getParent());
    } catch (IOException e) {
      delete(temporary);
      throw cannotWrite(file, e);
    }
  }

  /** Opens a new file for reading and writing, emptying one that a killed run left. */
  public static FileChannel create(Path temporary) throws IOException {
    return FileChannel.open(
        temporary,
        StandardOpenOption.CREATE,
        StandardOpenOption.TRUNCATE_EXISTING,
        StandardOpenOption.READ,
        StandardOpenOption.WRITE);
  }

  /** Appends bytes {@code [from, from + count)} of {@code in} to {@code out}. */
  public static void transfer(FileChannel in, long from, long count, FileChannel out)
      throws IOException {
    long done = 0;
    while (done < count) {
      long n = in.transferTo(from + done, count - done, out);
      if (n <= 0) {
        throw new IOException("the file became shorter while it was copied");
      }
      done += n;
    }
  }

  /** Renames a finished, synced temporary file over its final name. */
  public static void publish(Path temporary, Path file) throws IOException {
    Files.move(
        temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** Makes renames in {@code folder} durable, where the system offers it. */
  public static void syncFolder(Path folder) {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException ignored) {
      // Windows cannot open a folder; there a rename is as durable as it gets.
    }
  }

  /** Removes temporary files beginning with {@code .stem} that a killed run left. */
  public static void removeStale(Path folder, String stem) throws IOException {
    try (DirectoryStream<Path> all = Files.newDirectoryStream(folder)) {
      for (Path path : all) {
        String name = path.getFileName().toString();
        if (name.startsWith("." + stem) && name.endsWith(TEMPORARY_SUFFIX)) {
          Files.deleteIfExists(path);
        }
      }
    }
  }

  /** Deletes what may not be there; a failure to clean up must not hide the first failure. */
  public static void delete(Path path) {
    try {
      Files.deleteIfExists(path);
    } catch (IOException ignored) {
      // The next run removes it.
    }
  }

  /** The fault that {@code file} cannot be written. */
  public static InputException cannotWrite(Path file, IOException e) {
    String reason = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    boolean full = reason.contains("No space left") || reason.contains("quota");
    return InputException.in(file)
        .problem("cannot be written (" + reason + ")")
        .hint(full ? "free some space or choose another output folder" : "")
        .cause(e)
        .exception();
  }
}

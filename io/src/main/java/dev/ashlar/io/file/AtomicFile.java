package dev.ashlar.io.file;

import dev.ashlar.io.InputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

/**
 * Files that are whole or absent: written under a temporary name in the same folder, synced,
 * renamed over the final name, and the folder synced.
 *
 * <p>Temporary names cannot be foretold, and no file is written that was there before: nobody can
 * lay a link in the way. Each name carries a checksum of itself, so that what a killed run left is
 * known from files of others.
 */
public final class AtomicFile {
  /** Ends every temporary name. */
  public static final String TEMPORARY_SUFFIX = ".ashlar-part";

  private static final int LONGEST_STEM = 60;
  private static final Pattern TEMPORARY =
      Pattern.compile("\\.(.+)-([0-9a-f]{32})([0-9a-f]{8})" + Pattern.quote(TEMPORARY_SUFFIX));

  private AtomicFile() {}

  /**
   * A new file under a temporary name.
   *
   * @param channel open for reading and writing
   */
  public record Temporary(Path path, FileChannel channel) {}

  /** Writes all of {@code content} to {@code file}, replacing it at once. */
  public static void write(Path file, byte[] content) {
    write(file, whole(content));
  }

  private static Content whole(byte[] content) {
    return out -> {
      ByteBuffer buffer = ByteBuffer.wrap(content);
      while (buffer.hasRemaining()) {
        out.write(buffer);
      }
    };
  }

  /** Writes {@code text} as UTF-8. */
  public static void write(Path file, String text) {
    write(file, text.getBytes(StandardCharsets.UTF_8));
  }

  /** Copies the bytes of {@code source}, following links, to {@code file}. */
  public static void copy(Path source, Path file) {
    WholeFile.requireRegular(source);
    try (FileChannel in = FileChannel.open(source, StandardOpenOption.READ)) {
      write(file, out -> transfer(in, 0, in.size(), out));
    } catch (IOException e) {
      throw InputException.unreadable(source, e);
    }
  }

  /** What a file is to hold. */
  @FunctionalInterface
  public interface Content {
    /** Writes all of it, from the beginning of {@code out}. */
    void write(FileChannel out) throws IOException;
  }

  /** Writes what {@code content} writes to {@code file}, replacing it at once. */
  public static void write(Path file, Content content) {
    Path written = null;
    try {
      written = ready(file, content);
      publish(written, file);
      syncFolder(file.toAbsolutePath().getParent());
    } catch (IOException e) {
      if (written != null) {
        delete(written);
      }
      throw cannotWrite(file, e);
    }
  }

  /** Writes {@code text} beside {@code file}, synced, to be renamed over it later. */
  public static Path ready(Path file, String text) throws IOException {
    return ready(file, whole(text.getBytes(StandardCharsets.UTF_8)));
  }

  private static Path ready(Path file, Content content) throws IOException {
    Temporary temporary = create(file);
    boolean done = false;
    try (FileChannel channel = temporary.channel()) {
      content.write(channel);
      channel.force(true);
      done = true;
    } finally {
      if (!done) {
        delete(temporary.path());
      }
    }
    return temporary.path();
  }

  /** Makes a new file beside {@code file}, to be renamed over it when it is whole. */
  public static Temporary create(Path file) throws IOException {
    Path path = temporary(file);
    FileChannel channel =
        FileChannel.open(
            path,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            LinkOption.NOFOLLOW_LINKS);
    return new Temporary(path, channel);
  }

  /** Makes a new folder beside {@code file}, for files that are to be renamed out of it. */
  public static Path createFolder(Path file) throws IOException {
    return Files.createDirectory(temporary(file));
  }

  private static Path temporary(Path file) {
    String name = file.getFileName().toString();
    String stem = name.length() <= LONGEST_STEM ? name : name.substring(0, LONGEST_STEM);
    String random = UUID.randomUUID().toString().replace("-", "");
    String full = "." + stem + "-" + random + checksum(stem, random) + TEMPORARY_SUFFIX;
    return file.resolveSibling(full);
  }

  private static String checksum(String stem, String random) {
    CRC32C sum = new CRC32C();
    sum.update((stem + random).getBytes(StandardCharsets.UTF_8));
    return String.format(Locale.ROOT, "%08x", sum.getValue());
  }

  /** Whether a file of that name is a temporary one that was made here, by this run or another. */
  public static boolean isTemporary(String name) {
    Matcher m = TEMPORARY.matcher(name);
    return m.matches() && checksum(m.group(1), m.group(2)).equals(m.group(3));
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

  /**
   * Makes renames in {@code folder} durable, where the system offers it.
   *
   * @throws IOException if the disk says that they are not
   */
  public static void syncFolder(Path folder) throws IOException {
    FileChannel opened;
    try {
      opened = FileChannel.open(folder, StandardOpenOption.READ);
    } catch (IOException ignored) {
      // Windows cannot open a folder; there a rename is as durable as it gets.
      return;
    }
    try (FileChannel channel = opened) {
      channel.force(true);
    } catch (IOException e) {
      String reason = String.valueOf(e.getMessage());
      // Shares of the network and the like have no such thing; a disk that fails says otherwise.
      if (!reason.contains("Invalid argument") && !reason.contains("not supported")) {
        throw e;
      }
    }
  }

  /**
   * Makes a folder and those above it as far as there are none, so that they stay.
   *
   * @return those that were made, the innermost first
   */
  public static List<Path> createFolders(Path folder) throws IOException {
    List<Path> made = new ArrayList<>();
    for (Path p = folder.toAbsolutePath(); p != null && !Files.exists(p); p = p.getParent()) {
      made.add(p);
    }
    Files.createDirectories(folder);
    for (Path p : made) {
      syncFolder(p.getParent());
    }
    return made;
  }

  /**
   * Removes temporary files, and folders of such, of names beginning with {@code stem} that a
   * killed run left.
   *
   * @return whether there were any
   */
  public static boolean removeStale(Path folder, String stem) throws IOException {
    boolean found = false;
    try (DirectoryStream<Path> all = Files.newDirectoryStream(folder)) {
      for (Path path : all) {
        String name = path.getFileName().toString();
        if (!name.startsWith("." + stem) || !isTemporary(name)) {
          continue;
        }
        if (Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
          found |= Files.deleteIfExists(path);
        } else if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
          deleteFolder(path);
          found |= !Files.exists(path, LinkOption.NOFOLLOW_LINKS);
        }
      }
    }
    return found;
  }

  /** Deletes what may not be there; a failure to clean up must not hide the first failure. */
  public static void delete(Path path) {
    try {
      Files.deleteIfExists(path);
    } catch (IOException ignored) {
      // The next run removes it.
    }
  }

  /** Deletes a folder that {@link #createFolder} made, and all that is in it. */
  public static void deleteFolder(Path folder) {
    try (DirectoryStream<Path> all = Files.newDirectoryStream(folder)) {
      for (Path path : all) {
        if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
          deleteFolder(path);
        } else {
          delete(path);
        }
      }
    } catch (IOException ignored) {
      // The next run removes it.
    }
    delete(folder);
  }

  /** The fault that {@code file} cannot be written. */
  public static InputException cannotWrite(Path file, IOException e) {
    String reason = InputException.reason(e);
    boolean full = reason.contains("No space left") || reason.contains("quota");
    return InputException.in(file)
        .problem("cannot be written (" + reason + ")")
        .hint(full ? "free some space or choose another output folder" : "")
        .cause(e)
        .exception();
  }
}

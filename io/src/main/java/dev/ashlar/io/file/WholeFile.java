package dev.ashlar.io.file;

import dev.ashlar.io.InputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * Reads small files whole: those beside a model's weights, whose sizes have a bound. Opening a pipe
 * would wait for a writer that never comes, and a device may have no end, so whatever is not a
 * regular file is refused before it is opened.
 */
public final class WholeFile {
  private static final long LARGEST_ARRAY = Integer.MAX_VALUE - 16L;

  private WholeFile() {}

  /**
   * The content of {@code file}.
   *
   * @param most bytes that it may have
   * @param what it holds, for the message that says it is too large: {@code JSON}, {@code text}
   * @throws InputException if it is not a regular file, too large, or cannot be read
   */
  public static byte[] bytes(Path file, long most, String what) {
    requireRegular(file);
    long limit = Math.min(most, LARGEST_ARRAY);
    try (InputStream in = Files.newInputStream(file)) {
      long size = Files.size(file);
      if (size > limit) {
        throw tooLarge(file, limit, what, size + " bytes");
      }
      // The size may lie (a file of the system's, a growing one): never read beyond the limit.
      byte[] bytes = in.readNBytes((int) limit + 1);
      if (bytes.length > limit) {
        throw tooLarge(file, limit, what, "more");
      }
      return bytes;
    } catch (IOException e) {
      throw InputException.unreadable(file, e);
    } catch (OutOfMemoryError e) {
      throw doesNotFit(file.toString(), "what it holds", e);
    }
  }

  /**
   * The fault that what a file holds is more than there is memory for.
   *
   * @param what does not fit, with its size where that is known
   */
  public static InputException doesNotFit(String file, String what, OutOfMemoryError e) {
    return InputException.in(file)
        .problem(
            what + " is too much for " + (Runtime.getRuntime().maxMemory() >> 20) + " MB of memory")
        .hint("give the program more, or check whether the file should be that large")
        .cause(e)
        .exception();
  }

  /**
   * The content of {@code file}, which must be UTF-8.
   *
   * @param most bytes that it may have
   * @throws InputException if it is not a regular file, too large, not UTF-8, or cannot be read
   */
  public static String text(Path file, long most) {
    byte[] bytes = bytes(file, most, "text");
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw InputException.in(file)
          .problem("is not valid UTF-8")
          .hint("convert the file to UTF-8")
          .cause(e)
          .exception();
    }
  }

  /**
   * Refuses what is not a regular file, or a link to one.
   *
   * @throws InputException saying what is there instead
   */
  public static void requireRegular(Path file) {
    if (file.toString().isEmpty()) {
      throw new InputException("a file is needed, and its name is empty");
    }
    try {
      BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
      if (found.isDirectory()) {
        throw InputException.in(file).expected("a file").found("a folder").exception();
      }
      if (found.isOther()) {
        throw InputException.in(file)
            .expected("a regular file")
            .found("a pipe, a socket or a device")
            .exception();
      }
    } catch (NoSuchFileException e) {
      throw InputException.in(file).problem("no such file").cause(e).exception();
    } catch (IOException e) {
      throw InputException.unreadable(file, e);
    }
  }

  private static InputException tooLarge(Path file, long most, String what, String found) {
    return InputException.in(file)
        .expected("at most " + most + " bytes of " + what)
        .found(found)
        .exception();
  }
}

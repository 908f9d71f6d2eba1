package dev.ashlar.io;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;

/**
 * Something a user gave cannot be used: a file that is faulty or cannot be read or written, a path,
 * a data set, an option's value. The one exception for faults of input.
 *
 * <p>The message is a single sentence on a single line; the parts it is made of can be asked for
 * one by one. Made by {@link #in(Path)}:
 *
 * {@snippet :
 * throw InputException.in(file).place("w").expected("16 bytes").found("12 bytes")
 *     .hint("download the file again").exception();
 * }
 */
public final class InputException extends AshlarException {
  private static final long serialVersionUID = 1;
  private static final int LONGEST_PART = 1000;

  private final String file;
  private final String place;
  private final String expected;
  private final String found;
  private final String hint;

  /**
   * A fault that one sentence says, of something a user gave that is no file: an option's value, a
   * data set, an output folder.
   */
  public InputException(String sentence) {
    this(sentence, null);
  }

  /** The same with the exception underneath, kept for {@code --debug}. */
  public InputException(String sentence, Throwable cause) {
    super(sentence, cause);
    this.file = "";
    this.place = "";
    this.expected = "";
    this.found = "";
    this.hint = "";
  }

  private InputException(Fault f) {
    super(f.sentence(), f.cause);
    this.file = f.file;
    this.place = f.place;
    this.expected = f.expected;
    this.found = f.found;
    this.hint = f.hint;
  }

  /** Begins the description of a fault in {@code file}, which may also be a folder. */
  public static Fault in(Path file) {
    return new Fault(file == null ? "" : file.toString());
  }

  /** Begins the description of a fault in something that has a name but no path. */
  public static Fault in(String file) {
    return new Fault(file);
  }

  /** The fault of a file or folder that the system would not let us read. */
  public static InputException unreadable(Path file, IOException e) {
    return in(file).problem("cannot be read (" + reason(e) + ")").cause(e).exception();
  }

  /**
   * Why the system refused, in words: the message of many of its exceptions is the bare path, which
   * the sentence around it says already.
   */
  public static String reason(IOException e) {
    return switch (e) {
      case NoSuchFileException missing -> "no such file or folder";
      case AccessDeniedException denied -> "permission denied";
      case NotDirectoryException file -> "it is not a folder";
      case DirectoryNotEmptyException full -> "the folder is not empty";
      case FileAlreadyExistsException taken -> "something of that name is there already";
      case FileSystemLoopException loop -> "its links lead in a circle";
      case CharacterCodingException coding -> "it is not valid UTF-8";
      case FileSystemException other -> systemReason(other);
      default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    };
  }

  private static String systemReason(FileSystemException e) {
    String reason = e.getReason();
    if (reason == null || reason.isBlank()) {
      return "the system gives no reason";
    }
    return reason.startsWith("Too many levels of symbolic links")
        ? "it is a symbolic link, which is not followed, or one that leads in a circle"
        : reason;
  }

  /** The file or folder at fault. */
  public String file() {
    return file;
  }

  /** The tensor, configuration key or line at fault; empty if it is the file as a whole. */
  public String place() {
    return place;
  }

  /** What was needed; empty if the message says it all. */
  public String expected() {
    return expected;
  }

  /** What is there. */
  public String found() {
    return found;
  }

  /** What to do about it; may be empty. */
  public String hint() {
    return hint;
  }

  /** A fault under description; every part but the file may be left out. */
  public static final class Fault {
    private final String file;
    private String place = "";
    private String problem = "";
    private String expected = "";
    private String found = "";
    private String hint = "";
    private Throwable cause;

    private Fault(String file) {
      this.file = Objects.requireNonNullElse(file, "");
    }

    /** The tensor, key or line it is about. */
    public Fault place(String name) {
      this.place = oneLine(name);
      return this;
    }

    /** What is wrong, as a clause, where "expected … but found …" would not say it well. */
    public Fault problem(String clause) {
      this.problem = oneLine(clause);
      return this;
    }

    /** What was needed. */
    public Fault expected(Object what) {
      this.expected = oneLine(String.valueOf(what));
      return this;
    }

    /** What is there. */
    public Fault found(Object what) {
      this.found = oneLine(String.valueOf(what));
      return this;
    }

    /** What to do about it, as a clause. */
    public Fault hint(String clause) {
      this.hint = oneLine(clause);
      return this;
    }

    /** The exception underneath, kept for stack traces. */
    public Fault cause(Throwable t) {
      this.cause = t;
      return this;
    }

    /** The finished exception, to be thrown by the caller. */
    public InputException exception() {
      return new InputException(this);
    }

    private String sentence() {
      StringBuilder s = new StringBuilder(oneLine(file));
      if (!place.isEmpty()) {
        s.append(s.isEmpty() ? "" : ": ").append(place);
      }
      String separator = s.isEmpty() ? "" : ": ";
      if (!problem.isEmpty()) {
        s.append(separator).append(problem);
        separator = ": ";
      }
      if (!expected.isEmpty() && !found.isEmpty()) {
        s.append(separator).append("expected ").append(expected).append(" but found ");
        s.append(found);
      } else if (!expected.isEmpty()) {
        s.append(separator).append("expected ").append(expected);
      } else if (!found.isEmpty()) {
        s.append(separator).append("found ").append(found);
      }
      if (!hint.isEmpty()) {
        s.append("; ").append(hint);
      }
      return s.toString();
    }

    /** Names come from untrusted files: a message must stay one readable line on a terminal. */
    private static String oneLine(String text) {
      if (text == null) {
        return "";
      }
      StringBuilder s = new StringBuilder(Math.min(text.length(), LONGEST_PART));
      for (int i = 0, c; i < text.length(); i += Character.charCount(c)) {
        c = text.codePointAt(i);
        if (s.length() >= LONGEST_PART) {
          return s.append("… (").append(text.length()).append(" characters)").toString();
        }
        if (isShown(c)) {
          s.appendCodePoint(c);
        } else {
          s.append(String.format(Locale.ROOT, "\\u%04x", c));
        }
      }
      return s.toString();
    }

    /** Whether a terminal shows a character where it stands, and nothing else changes by it. */
    private static boolean isShown(int c) {
      return switch (Character.getType(c)) {
        case Character.CONTROL,
            Character.FORMAT,
            Character.LINE_SEPARATOR,
            Character.PARAGRAPH_SEPARATOR,
            Character.SURROGATE ->
            false;
        default -> true;
      };
    }
  }
}

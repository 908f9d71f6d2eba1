package dev.ashlar.formats;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;

/**
 * A checkpoint that cannot be read or written: the one exception for faulty model files.
 *
 * <p>The message is a single sentence on a single line; the parts it is made of can be asked for
 * one by one. Made by {@link #in(Path)}:
 *
 * {@snippet :
 * throw CheckpointException.in(file).tensor("w").expected("16 bytes").found("12 bytes")
 *     .hint("download the file again").exception();
 * }
 */
public final class CheckpointException extends RuntimeException {
  private static final long serialVersionUID = 1;
  private static final int LONGEST_PART = 1000;

  private final String file;
  private final String tensor;
  private final String expected;
  private final String found;
  private final String hint;

  private CheckpointException(Fault f) {
    super(f.sentence(), f.cause);
    this.file = f.file;
    this.tensor = f.tensor;
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
  public static CheckpointException unreadable(Path file, IOException e) {
    return in(file).problem("cannot be read (" + e.getMessage() + ")").cause(e).exception();
  }

  /** The file or folder at fault. */
  public String file() {
    return file;
  }

  /** The tensor or configuration key at fault; empty if it is the file as a whole. */
  public String tensor() {
    return tensor;
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
    private String tensor = "";
    private String problem = "";
    private String expected = "";
    private String found = "";
    private String hint = "";
    private Throwable cause;

    private Fault(String file) {
      this.file = Objects.requireNonNullElse(file, "");
    }

    /** The tensor or key it is about. */
    public Fault tensor(String name) {
      this.tensor = oneLine(name);
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
    public CheckpointException exception() {
      return new CheckpointException(this);
    }

    private String sentence() {
      StringBuilder s = new StringBuilder(oneLine(file));
      if (!tensor.isEmpty()) {
        s.append(s.isEmpty() ? "" : ": ").append(tensor);
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
      String cut =
          text.length() <= LONGEST_PART
              ? text
              : text.substring(0, LONGEST_PART) + "… (" + text.length() + " characters)";
      StringBuilder s = new StringBuilder(cut.length());
      for (int i = 0; i < cut.length(); i++) {
        char c = cut.charAt(i);
        if (Character.isISOControl(c)) {
          s.append(String.format("\\u%04x", (int) c));
        } else {
          s.append(c);
        }
      }
      return s.toString();
    }
  }
}

package dev.ashlar.cli.console;

import dev.ashlar.engine.job.Stage;
import dev.ashlar.io.InputException;
import java.io.FileDescriptor;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The two streams of the program. Results go to {@code out}; everything said on the way goes to
 * {@code err}: progress as one line that is drawn again where that is a terminal, as a line now and
 * then where it is a log.
 *
 * @param out results
 * @param err notes, progress, faults
 * @param terminal whether {@code err} is a terminal that a person watches
 */
public record Console(PrintStream out, PrintStream err, boolean terminal) {
  /** The process's own streams, in UTF-8. */
  public static Console ofProcess() {
    return new Console(
        ResultStream.of(FileDescriptor.out),
        ResultStream.of(FileDescriptor.err),
        standardErrorIsTerminal());
  }

  /** Says something on the way to the result, on a line of its own. */
  public void note(String line) {
    err.println(line);
    err.flush();
  }

  /** Says something that the user should know, on a line of its own. */
  public void warning(String sentence) {
    note("ashlar: warning: " + sentence);
  }

  /**
   * Sends on what was printed.
   *
   * @throws InputException if results could not be written, so that nobody has them
   */
  public void requireWritten() {
    if (out.checkError()) {
      String reason =
          out instanceof ResultStream results
              ? results.reason().map(r -> " (" + r + ")").orElse("")
              : "";
      throw new InputException("standard output cannot be written" + reason);
    }
  }

  /** Whether who read the results has had enough, as {@code head} has: nothing to tell anybody. */
  public boolean readerIsGone() {
    return out instanceof ResultStream results
        && results.reason().filter("Broken pipe"::equals).isPresent();
  }

  /** Begins a piece of work that may take long; shows how far it is. */
  public Stage begin(String label, double total) {
    return begin(label, total, System.nanoTime());
  }

  /**
   * The same as a part of something longer.
   *
   * @param since when that began, by {@link System#nanoTime}
   */
  Stage begin(String label, double total, long since) {
    return terminal
        ? new ProgressLine(this, label, total, since)
        : new ProgressLog(this, label, total, since, System::nanoTime);
  }

  /** Prints a fault as one sentence. */
  public void fault(String sentence) {
    note("ashlar: " + sentence.replaceAll("\\R", " "));
  }

  /**
   * Removes the line in which the JVM announces the incubating Vector API, which it cannot be kept
   * from printing: on a terminal that is the line above the cursor as long as nothing was printed.
   * In a log it stays. No flag silences it; a filter behind the process would let it end before its
   * last words are written; and taking the stream back from a filter (dup2 by a foreign function)
   * was measured to cost a sixth of a second of processor time at every start.
   */
  public void eraseIncubatorWarning() {
    boolean announced = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
    if (terminal && announced && System.getProperty("ashlar.home") != null) {
      err.print("\u001b[1A\r\u001b[2K");
      err.flush();
    }
  }

  private static boolean standardErrorIsTerminal() {
    if ("terminal".equals(System.getProperty("ashlar.stderr"))) {
      return true;
    }
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
      return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
    } catch (IOException | UnsupportedOperationException e) {
      return false;
    }
  }
}

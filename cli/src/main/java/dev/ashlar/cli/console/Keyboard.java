package dev.ashlar.cli.console;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/**
 * Lines that a person types or a pipe gives, and Ctrl-C.
 *
 * <p>The JDK has no public way to keep Ctrl-C from ending the program. On a terminal it is
 * therefore made an ordinary character that ends a line, with the {@code stty} of the system, and
 * what the terminal was is restored at the end, whatever the end is. Where there is no {@code
 * stty}, Ctrl-C ends the program as ever.
 */
public final class Keyboard implements AutoCloseable {
  private static final int CTRL_C = 3;
  private static final int POLL_MILLIS = 20;
  private static final int INTERRUPTED_STATUS = 130;

  /** What was typed. */
  public sealed interface Line {}

  /** A line without its end. */
  public record Text(String text) implements Line {}

  /**
   * Ctrl-C, which drops what was typed before it.
   *
   * @param empty whether that was nothing
   */
  public record Interrupt(boolean empty) implements Line {}

  /** The end of the input. */
  public record End() implements Line {}

  private final InputStream in;
  private final boolean terminal;
  private final Deque<Integer> typed = new ArrayDeque<>();
  private final Runnable restore;
  private final Thread atExit;

  /**
   * A keyboard.
   *
   * @param restore gives the terminal back as it was; null if it was not changed, and Ctrl-C
   *     therefore does not come as a character
   */
  Keyboard(InputStream in, boolean terminal, Runnable restore) {
    this.in = in;
    this.terminal = terminal;
    this.restore = restore;
    this.atExit = restore == null ? null : new Thread(restore);
    if (atExit != null) {
      Runtime.getRuntime().addShutdownHook(atExit);
    }
  }

  /** The process's standard input. */
  public static Keyboard ofProcess() {
    if (!standardInputIsTerminal()) {
      return new Keyboard(System.in, false, null);
    }
    Optional<String> settings = stty("-g");
    if (settings.isEmpty()) {
      return new Keyboard(System.in, true, null);
    }
    Keyboard keyboard = new Keyboard(System.in, true, () -> stty(settings.get()));
    stty("intr", "undef", "eol", "^C");
    return keyboard;
  }

  private static boolean standardInputIsTerminal() {
    if ("terminal".equals(System.getProperty("ashlar.stdin"))) {
      return true;
    }
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/0")).toString();
      return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
    } catch (IOException | UnsupportedOperationException e) {
      return false;
    }
  }

  /** What {@code stty} prints for these arguments, if there is one and it succeeds. */
  private static Optional<String> stty(String... arguments) {
    String[] command = new String[arguments.length + 1];
    command[0] = "stty";
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectInput(ProcessBuilder.Redirect.INHERIT)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      String output =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      return process.waitFor() == 0 ? Optional.of(output) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  /** Whether a person types. */
  public boolean isTerminal() {
    return terminal;
  }

  /** The next line; waits for it. */
  public Line readLine() {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    try {
      while (true) {
        int b = typed.isEmpty() ? in.read() : typed.poll();
        if (b < 0 && line.size() == 0) {
          return new End();
        }
        if (b == CTRL_C && restore != null) {
          return new Interrupt(line.size() == 0);
        }
        if (b < 0 || b == '\n') {
          String text = line.toString(StandardCharsets.UTF_8);
          return new Text(text.endsWith("\r") ? text.substring(0, text.length() - 1) : text);
        }
        line.write(b);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Heeds Ctrl-C until it is closed; a second one ends the program. */
  public Watch watch() {
    return new Watch(this);
  }

  /** Looks for Ctrl-C while the program is busy; lines typed meanwhile are kept for later. */
  public static final class Watch implements AutoCloseable {
    private final Keyboard keyboard;
    private final Thread thread;
    private volatile boolean interrupted;
    private volatile boolean done;

    private Watch(Keyboard keyboard) {
      this.keyboard = keyboard;
      this.thread = keyboard.restore == null ? null : Thread.ofPlatform().daemon().start(this::run);
    }

    /** Whether Ctrl-C was pressed. */
    public boolean interrupted() {
      return interrupted;
    }

    private void run() {
      try {
        while (!done) {
          while (keyboard.in.available() > 0) {
            take(keyboard.in.read());
          }
          Thread.sleep(POLL_MILLIS);
        }
      } catch (IOException | InterruptedException e) {
        done = true;
      }
    }

    private void take(int b) {
      if (b != CTRL_C) {
        keyboard.typed.add(b);
        return;
      }
      if (interrupted) {
        System.exit(INTERRUPTED_STATUS);
      }
      keyboard.typed.clear();
      interrupted = true;
    }

    @Override
    public void close() {
      done = true;
      try {
        if (thread != null) {
          thread.join();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Gives the terminal back as it was. */
  @Override
  public void close() {
    if (atExit == null) {
      return;
    }
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException e) {
      return; // the program is ending, and the hook does it
    }
    restore.run();
  }
}

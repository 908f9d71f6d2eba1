package dev.ashlar.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** A program of a test in a JVM of its own, on the class path. */
public record OwnJvm(int status, String out, String err) {
  private static final int PATIENCE_SECONDS = 300;

  /** Runs {@code program} until it ends. */
  public static OwnJvm run(Class<?> program, List<String> flags, List<String> arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(flags);
    command.add("-cp");
    command.add(classes(Backends.class) + File.pathSeparator + classes(program));
    command.add(program.getName());
    command.addAll(arguments);
    Path out = Files.createTempFile("jvm", ".out");
    Path err = Files.createTempFile("jvm", ".err");
    try {
      Process p =
          new ProcessBuilder(command)
              .redirectOutput(out.toFile())
              .redirectError(err.toFile())
              .start();
      assertTrue(p.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), "a JVM that does not end");
      return new OwnJvm(p.exitValue(), Files.readString(out), Files.readString(err));
    } finally {
      Files.delete(out);
      Files.delete(err);
    }
  }

  /** What a program that ends well printed. */
  public String succeeded() {
    assertEquals(0, status, err);
    return out;
  }

  private static String classes(Class<?> of) {
    return Path.of(URI.create(of.getProtectionDomain().getCodeSource().getLocation() + ""))
        .toString();
  }

  /** Bytes that this thread has allocated, by the JDK's own extension, which is not required. */
  public static long allocated() {
    try {
      Object bean =
          Class.forName("java.lang.management.ManagementFactory")
              .getMethod("getThreadMXBean")
              .invoke(null);
      return (long)
          Class.forName("com.sun.management.ThreadMXBean")
              .getMethod("getCurrentThreadAllocatedBytes")
              .invoke(bean);
    } catch (ClassNotFoundException
        | NoSuchMethodException
        | IllegalAccessException
        | InvocationTargetException e) {
      return Assumptions.abort("skipped: this JDK does not count allocations");
    }
  }
}

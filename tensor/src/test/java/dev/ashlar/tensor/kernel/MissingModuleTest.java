package dev.ashlar.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.op.MatMul;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A JVM on the class path, with and without the incubating module, and with a wrong name. */
class MissingModuleTest {
  private static final String FLAG = "--add-modules jdk.incubator.vector";

  @TempDir Path folder;

  private record Run(int status, String out, String err) {}

  /** What the other JVM runs: a product, through whatever backend it has. */
  static final class Program {
    private Program() {}

    public static void main(String[] arguments) {
      Tape tape = Tape.off();
      Tensor x = Tensor.of(new float[] {1, 2, 3}, 1, 3);
      Tensor w = Tensor.of(new float[] {1, 1, 1, 0, 0, 2}, 2, 3);
      Tensor y = tape.apply(new MatMul(x, w));
      System.out.println(tape.backend().name() + " " + y.data()[0] + " " + y.data()[1]);
    }
  }

  private Run run(String... flags) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(flags));
    command.add("-cp");
    command.add(classes(Backends.class) + java.io.File.pathSeparator + classes(Program.class));
    command.add(Program.class.getName());
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    Process p =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    assertTrue(p.waitFor(120, TimeUnit.SECONDS));
    return new Run(
        p.exitValue(),
        Files.readString(out, StandardCharsets.UTF_8).strip(),
        Files.readString(err, StandardCharsets.UTF_8));
  }

  private static String classes(Class<?> of) {
    return Path.of(java.net.URI.create(of.getProtectionDomain().getCodeSource().getLocation() + ""))
        .toString();
  }

  @Test
  void oneSentenceAndTheReference() throws Exception {
    Run run = run();
    assertEquals("reference 6.0 6.0", run.out(), run.err());
    assertEquals(0, run.status());
    assertTrue(run.err().contains("the Vector API is not enabled, start java with " + FLAG));
    assertEquals(1, run.err().lines().filter(l -> l.contains(FLAG)).count(), run.err());
    assertFalse(run.err().contains("Error"), run.err());
  }

  @Test
  void theFlagHelps() throws Exception {
    Run run = run("--add-modules", "jdk.incubator.vector");
    assertEquals(0, run.status(), run.err());
    assertTrue(run.out().endsWith(" 6.0 6.0"), run.out());
    assertFalse(run.err().contains("is not enabled"), run.err());
  }

  @Test
  void askingForItIsRefusedWithTheFlag() throws Exception {
    Run run = run("-Dashlar.backend=vector");
    assertEquals(1, run.status());
    assertTrue(
        run.err()
            .contains(
                "IllegalArgumentException: ashlar.backend=vector is not available here (the Vector"
                    + " API is not enabled, start java with "
                    + FLAG
                    + "); available: reference"),
        run.err());
  }
}

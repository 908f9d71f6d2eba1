package dev.ashlar.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.op.MatMul;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A JVM on the class path, with and without the incubating module, and with a wrong name. */
class MissingModuleTest {
  private static final String FLAG = "--add-modules jdk.incubator.vector";

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

  private static OwnJvm run(String... flags) throws IOException, InterruptedException {
    return OwnJvm.run(Program.class, List.of(flags), List.of());
  }

  @Test
  void oneSentenceAndTheReference() throws Exception {
    OwnJvm run = run();
    assertEquals("reference 6.0 6.0", run.out().strip(), run.err());
    assertEquals(0, run.status());
    assertTrue(run.err().contains("the Vector API is not enabled, start java with " + FLAG));
    assertEquals(1, run.err().lines().filter(l -> l.contains(FLAG)).count(), run.err());
    assertFalse(run.err().contains("Error"), run.err());
  }

  @Test
  void theFlagHelps() throws Exception {
    OwnJvm run = run("--add-modules", "jdk.incubator.vector");
    assertEquals(0, run.status(), run.err());
    assertTrue(run.out().strip().endsWith(" 6.0 6.0"), run.out());
    assertFalse(run.err().contains("is not enabled"), run.err());
  }

  @Test
  void askingForItIsRefusedWithTheFlag() throws Exception {
    OwnJvm run = run("-Dashlar.backend=vector");
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

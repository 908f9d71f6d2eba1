package dev.ashlar.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A machine with narrower vectors gives the same bits: the kernels in a JVM that is told to have
 * them, beside one that takes the widest.
 */
class WidthsTest {
  /** What the other JVM runs: prints a hash of the bits of each work. */
  static final class Program {
    private Program() {}

    public static void main(String[] arguments) {
      if (isEnabled()) {
        hashes().forEach((name, hash) -> System.out.println(hash + " " + name));
      }
    }
  }

  private static boolean isEnabled() {
    return Backends.all().stream().anyMatch(b -> b.name().equals("vector"));
  }

  private static Map<String, String> hashes() {
    Backend vector = Backends.named("vector");
    Map<String, Supplier<float[]>> works = new LinkedHashMap<>(KernelWorks.sums(vector));
    works.putAll(KernelWorks.split(vector));
    Map<String, String> hashes = new LinkedHashMap<>();
    works.forEach((name, work) -> hashes.put(name, hash(work.get())));
    return hashes;
  }

  private static String hash(float[] x) {
    ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * x.length);
    bytes.asFloatBuffer().put(x);
    return Integer.toHexString(Arrays.hashCode(bytes.array()));
  }

  @ParameterizedTest
  @ValueSource(ints = {16, 32})
  void narrowerVectorsGiveTheSameBits(int bytes) throws Exception {
    assumeTrue(isEnabled(), "the Vector API is not enabled here");
    // Both in processes of their own: what has run before here may be compiled for other arguments.
    Map<String, String> expected = run("-XX:MaxVectorSize=64");
    Map<String, String> found = run("-XX:MaxVectorSize=" + bytes);
    Map<String, String> differ = new LinkedHashMap<>(expected);
    differ.entrySet().removeIf(e -> e.getValue().equals(found.get(e.getKey())));
    assertTrue(differ.isEmpty(), () -> "other bits at " + 8 * bytes + ": " + differ.keySet());
    assertFalse(expected.isEmpty());
    assertEquals(expected.keySet(), found.keySet());
  }

  @Test
  void narrowerOnesThanThatAreNotUsed() throws Exception {
    assertTrue(run("-XX:MaxVectorSize=8").isEmpty());
  }

  /** Hashes by name, of a JVM with that flag; none if it does not use the Vector API. */
  private Map<String, String> run(String flag) throws IOException, InterruptedException {
    OwnJvm jvm =
        OwnJvm.run(
            Program.class, List.of("--add-modules", "jdk.incubator.vector", flag), List.of());
    Map<String, String> hashes = new LinkedHashMap<>();
    for (String line : jvm.succeeded().lines().toList()) {
      String[] parts = line.split(" ", 2);
      hashes.put(parts[1], parts[0]);
    }
    return hashes;
  }
}

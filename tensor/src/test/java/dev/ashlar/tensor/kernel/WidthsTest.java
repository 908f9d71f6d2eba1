package dev.ashlar.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A machine with narrower vectors gives the same bits: the kernels in a JVM that is told to have
 * them, beside one that takes the widest.
 */
class WidthsTest {
  @TempDir Path folder;

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
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    Process p =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules",
                "jdk.incubator.vector",
                flag,
                "-cp",
                classes(Backends.class) + File.pathSeparator + classes(Program.class),
                Program.class.getName())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    assertTrue(p.waitFor(120, TimeUnit.SECONDS));
    assertEquals(0, p.exitValue(), () -> text(err));
    Map<String, String> hashes = new LinkedHashMap<>();
    for (String line : Files.readAllLines(out, StandardCharsets.UTF_8)) {
      String[] parts = line.split(" ", 2);
      hashes.put(parts[1], parts[0]);
    }
    return hashes;
  }

  private static String text(Path file) {
    try {
      return Files.readString(file, StandardCharsets.UTF_8);
    } catch (IOException e) {
      return e.toString();
    }
  }

  private static String classes(Class<?> of) {
    return Path.of(java.net.URI.create(of.getProtectionDomain().getCodeSource().getLocation() + ""))
        .toString();
  }
}

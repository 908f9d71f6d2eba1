package dev.ashlar.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
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
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A machine with narrower vectors gives the same bits: the kernels once more in a JVM that is told
 * to have them, beside this one's.
 */
class WidthsTest {
  @TempDir Path folder;

  /** What the other JVM runs: prints a hash of the bits of each work. */
  static final class Program {
    private Program() {}

    public static void main(String[] arguments) {
      hashes().forEach((name, hash) -> System.out.println(hash + " " + name));
    }
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
    assumeTrue(
        Backends.all().stream().anyMatch(b -> b.name().equals("vector")),
        "the Vector API is not enabled here");
    Map<String, String> found = new LinkedHashMap<>();
    for (String line : run("-XX:MaxVectorSize=" + bytes)) {
      String[] parts = line.split(" ", 2);
      found.put(parts[1], parts[0]);
    }
    Map<String, String> expected = hashes();
    Map<String, String> differ = new LinkedHashMap<>(expected);
    differ.entrySet().removeIf(e -> e.getValue().equals(found.get(e.getKey())));
    assertTrue(differ.isEmpty(), () -> "other bits at " + 8 * bytes + ": " + differ.keySet());
    assertEquals(expected.keySet(), found.keySet());
  }

  private List<String> run(String flag) throws IOException, InterruptedException {
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
    return Files.readAllLines(out, StandardCharsets.UTF_8);
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

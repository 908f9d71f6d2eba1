package dev.ashlar.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.generate.Generator;
import dev.ashlar.nn.generate.Sampler;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kv.KvPrecision;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * In the steady state a decode step of a whole model allocates only small change.
 *
 * <p>What the compiler leaves now and then, depending on what it compiled before, is no fault of
 * the step: it fails only if it allocates in every one of a few JVMs.
 */
class DecodeAllocationTest {
  private static final long BYTES_PER_TOKEN = 64 << 10;
  private static final int TOKENS = 10;
  private static final int STARTS = 4;
  private static final long PATIENCE_NANOS = 20_000_000_000L;

  /** What the other JVM runs: prints the bytes of a token when they are few, or at last. */
  static final class Program {
    private Program() {}

    public static void main(String[] file) {
      try (Checkpoint checkpoint = Checkpoints.open(Path.of(file[0]))) {
        System.out.println(settled(Architectures.loadPacked(checkpoint, Backends.chosen())));
      }
    }

    private static long settled(Decoder decoder) {
      Generator generator = new Generator(decoder.runner(KvPrecision.F32), Sampler.greedy());
      long deadline = System.nanoTime() + PATIENCE_NANOS;
      long used = Long.MAX_VALUE;
      while (used >= BYTES_PER_TOKEN && System.nanoTime() < deadline) {
        generator.clear();
        used = perToken(generator);
      }
      return used;
    }

    /** Bytes of each token after the first two, whose steps make the cache and all buffers. */
    private static long perToken(Generator generator) {
      long[] second = new long[1];
      int[] tokens = new int[1];
      generator.generate(
          new int[] {1, 2, 3},
          TOKENS,
          Set.of(),
          id -> {
            if (++tokens[0] == 2) {
              second[0] = allocated();
            }
            return true;
          });
      return (allocated() - second[0]) / (TOKENS - 2);
    }
  }

  @Test
  void steadyDecodingAllocatesLittle() throws IOException, InterruptedException {
    Assumptions.assumeFalse(
        Backends.chosen() == Backends.reference(), "skipped: the definitions may allocate");
    allocated();
    Path folder = Fixtures.shared("../models");
    Assumptions.assumeTrue(Files.isDirectory(folder), "skipped: no shared models");
    List<Path> files;
    try (Stream<Path> all = Files.walk(folder)) {
      files = all.filter(f -> f.toString().endsWith(".gguf")).sorted().toList();
    }
    Assumptions.assumeFalse(files.isEmpty(), "skipped: no shared models");
    for (Path file : files) {
      long used = Long.MAX_VALUE;
      for (int start = 0; start < STARTS && used >= BYTES_PER_TOKEN; start++) {
        used = inOwnJvm(file);
      }
      assertTrue(used < BYTES_PER_TOKEN, used + " bytes per token of " + file);
    }
  }

  private static long inOwnJvm(Path file) throws IOException, InterruptedException {
    String own =
        Path.of(URI.create(Program.class.getProtectionDomain().getCodeSource().getLocation() + ""))
            .toString();
    List<String> paths = new ArrayList<>(List.of(own, System.getProperty("java.class.path")));
    Optional.ofNullable(System.getProperty("jdk.module.path")).ifPresent(paths::add);
    Process p =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector",
                "-Xmx2g",
                "-XX:CompileCommand=quiet",
                "-XX:CompileCommand=inline,dev.ashlar.tensor.kernel.vector.lanes.VectorMath::*",
                "-cp",
                String.join(File.pathSeparator, paths),
                Program.class.getName(),
                file.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String out = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, p.waitFor(), out);
    return Long.parseLong(out.strip());
  }

  /** Bytes that this thread has allocated, by the JDK's own extension, which is not required. */
  private static long allocated() {
    try {
      Object bean =
          Class.forName("java.lang.management.ManagementFactory")
              .getMethod("getThreadMXBean")
              .invoke(null);
      return (long)
          Class.forName("com.sun.management.ThreadMXBean")
              .getMethod("getCurrentThreadAllocatedBytes")
              .invoke(bean);
    } catch (ReflectiveOperationException e) {
      return Assumptions.abort("skipped: this JDK does not count allocations");
    }
  }
}

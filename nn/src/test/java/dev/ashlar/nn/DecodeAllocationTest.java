package dev.ashlar.nn;

import static org.junit.jupiter.api.Assertions.fail;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.generate.Generator;
import dev.ashlar.nn.generate.Sampler;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kv.KvPrecision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** In the steady state a decode step of a whole model allocates only small change. */
class DecodeAllocationTest {
  private static final long BYTES_PER_TOKEN = 64 << 10;
  private static final int TOKENS = 10;
  private static final long PATIENCE_NANOS = 90_000_000_000L;

  @Test
  void steadyDecodingAllocatesLittle() throws IOException {
    Assumptions.assumeFalse(
        Backends.chosen() == Backends.reference(), "skipped: the definitions may allocate");
    Path folder = Fixtures.shared("../models");
    Assumptions.assumeTrue(Files.isDirectory(folder), "skipped: no shared models");
    List<Path> files;
    try (Stream<Path> all = Files.walk(folder)) {
      files = all.filter(f -> f.toString().endsWith(".gguf")).sorted().toList();
    }
    Assumptions.assumeFalse(files.isEmpty(), "skipped: no shared models");
    for (Path file : files) {
      try (Checkpoint checkpoint = Checkpoints.open(file)) {
        steady(file, Architectures.loadPacked(checkpoint, Backends.chosen()));
      }
    }
  }

  private static void steady(Path file, Decoder decoder) {
    Generator generator = new Generator(decoder.runner(KvPrecision.F32), Sampler.greedy());
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    long used = Long.MAX_VALUE;
    while (System.nanoTime() < deadline) {
      generator.clear();
      used = perToken(generator);
      if (used < BYTES_PER_TOKEN) {
        return;
      }
    }
    fail(used + " bytes per token of " + file);
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

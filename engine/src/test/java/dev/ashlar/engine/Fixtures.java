package dev.ashlar.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** Tiny models and data, and folders compared byte for byte. */
public final class Fixtures {
  /** A Llama of two blocks with 256 tokens, without a tokenizer. */
  public static final Path LLAMA = Path.of("../nn/src/test/resources/models/llama");

  private Fixtures() {}

  /** The same {@code count} sequences of {@code length} token ids each time. */
  public static List<int[]> tokens(int count, int length) {
    Random random = new Random(5);
    List<int[]> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      all.add(random.ints(length, 3, 256).toArray());
    }
    return all;
  }

  /** The tiny Llama, quantized in a moment. */
  public static Quantization quick(Path output) {
    return quick(LLAMA, output);
  }

  /** A copy of it, likewise. */
  public static Quantization quick(Path model, Path output) {
    Iterator<int[]> data = tokens(4, 16).iterator();
    return Quantization.of(model)
        .groupSize(32)
        .tokens(data)
        .samples(4)
        .length(16)
        .batchSize(2)
        .option("iters", 3)
        .into(output);
  }

  /** A copy of a folder that may be damaged. */
  public static Path copy(Path folder, Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
    return to;
  }

  /** Both folders hold the same files with the same bytes. */
  public static void assertSameFolder(Path expected, Path found) throws IOException {
    assertEquals(names(expected), names(found));
    for (String name : names(expected)) {
      assertArrayEquals(
          Files.readAllBytes(expected.resolve(name)),
          Files.readAllBytes(found.resolve(name)),
          name);
    }
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(f -> f.getFileName().toString()).sorted().toList();
    }
  }
}

package dev.ashlar.nn;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.safetensors.SafetensorsFile;
import dev.ashlar.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Folders of tiny models with what the peers computed from them. */
final class Fixtures {
  private Fixtures() {}

  /** The folder with copies, one for each family at least, which is always there. */
  static Path copied() {
    return copied("models");
  }

  /** The folder of that name among the copies. */
  static Path copied(String relative) {
    try {
      return Path.of(Fixtures.class.getResource("/" + relative).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The folder of that name among the shared ones; it may be absent. */
  static Path shared(String relative) {
    return Path.of(System.getProperty("ashlar.shared", "absent"))
        .resolve("fixtures")
        .resolve(relative);
  }

  /** The folders in {@code root}, sorted; none if it is absent. */
  static List<Path> folders(Path root) {
    if (!Files.isDirectory(root)) {
      return List.of();
    }
    try (Stream<Path> all = Files.list(root)) {
      return all.filter(p -> Files.exists(p.resolve("config.json"))).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static int[] ints(SafetensorsFile file, String name) {
    Tensor t = file.tensor(name).toTensor();
    int[] ints = new int[t.size()];
    for (int i = 0; i < ints.length; i++) {
      ints[i] = (int) t.data()[i];
    }
    return ints;
  }

  /** How many rows of {@code mask [batch, length]} entries are 0 on the left, or null if none. */
  static int[] padding(int[] mask, int batch) {
    int length = mask.length / batch;
    int[] first = new int[batch];
    boolean padded = false;
    for (int b = 0; b < batch; b++) {
      while (mask[b * length + first[b]] == 0) {
        first[b]++;
      }
      padded |= first[b] > 0;
    }
    return padded ? first : null;
  }

  /**
   * Checks {@code |found − expected| ≤ atol + rtol·|expected|} in the rows that {@code mask} (null:
   * all) lets through.
   */
  static void close(
      String what, Tensor expected, Tensor found, int[] mask, double atol, double rtol) {
    assertTrue(
        expected.size() == found.size(),
        () -> what + ": expected " + expected.shape() + ", found " + found.shape());
    int rows = mask == null ? 1 : mask.length;
    int dim = expected.size() / rows;
    double worst = -1;
    int at = -1;
    for (int i = 0; i < expected.size(); i++) {
      if (mask != null && mask[i / dim] == 0) {
        continue;
      }
      double e = expected.data()[i];
      double excess = Math.abs(found.data()[i] - e) / (atol + rtol * Math.abs(e));
      if (!(excess <= worst)) {
        worst = excess;
        at = i;
      }
    }
    if (!(worst <= 1)) {
      throw new AssertionError(
          String.format(
              Locale.ROOT,
              "%s: element %d of %s: expected %g, found %g, %.1f times the tolerance",
              what,
              at,
              expected.shape(),
              expected.data()[at],
              found.data()[at],
              worst));
    }
  }
}

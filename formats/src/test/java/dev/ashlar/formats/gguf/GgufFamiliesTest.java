package dev.ashlar.formats.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.gguf.family.GgufFamilies;
import dev.ashlar.formats.gguf.family.GgufFamily;
import dev.ashlar.formats.gguf.family.GgufFields;
import dev.ashlar.formats.gguf.family.GgufModel;
import dev.ashlar.tensor.weights.StoredTensor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tables say both directions alike: files that llama.cpp's converter made come back as they are.
 */
class GgufFamiliesTest {
  private static final Path FOLDER = Path.of("src/test/resources/gguf");
  private static final float SAME = 1e-6f;

  @TempDir Path temp;

  private static List<Path> files() throws IOException {
    try (Stream<Path> all = Files.list(FOLDER)) {
      return all.filter(p -> p.toString().endsWith(".gguf.gz")).sorted().toList();
    }
  }

  @TestFactory
  List<DynamicTest> filesComeBackAsTheyAre() throws IOException {
    List<Path> files = files();
    assertFalse(files.isEmpty());
    return files.stream().map(f -> dynamicTest(f.getFileName().toString(), () -> back(f))).toList();
  }

  private Path unpacked(Path packed) throws IOException {
    Path file = temp.resolve(packed.getFileName().toString().replace(".gz", ""));
    try (InputStream in = new GZIPInputStream(Files.newInputStream(packed))) {
      Files.copy(in, file);
    }
    return file;
  }

  private void back(Path packed) throws IOException {
    Path file = unpacked(packed);
    try (Checkpoint checkpoint = Checkpoints.open(file);
        GgufParts parts = GgufParts.open(file)) {
      Map<String, Object> config = checkpoint.config();
      GgufFamily family = GgufFamilies.ofConfig(config).orElseThrow();
      Map<String, StoredTensor> made = new TreeMap<>(family.toGguf(checkpoint::find, config));
      Map<String, float[]> rotary = family.rotaryTensors(config);
      Map<String, StoredTensor> stored = new TreeMap<>(parts.tensors());
      for (Map.Entry<String, float[]> e : rotary.entrySet()) {
        float[] found = stored.remove(e.getKey()).toTensor().data();
        assertArrayEquals(found, e.getValue(), 1e-4f * found[found.length - 1], e.getKey());
      }
      assertEquals(stored.keySet(), made.keySet());
      made.forEach(
          (name, tensor) -> {
            StoredTensor old = stored.get(name);
            assertEquals(old.shape(), tensor.shape(), name);
            assertArrayEquals(old.toTensor().data(), tensor.toTensor().data(), SAME, name);
          });
      metadata(family, config, parts.metadata());
    }
  }

  /** Every number that a converter writes and a configuration has comes back. */
  private static void metadata(
      GgufFamily family, Map<String, Object> config, Map<String, Object> stored) {
    Map<String, Object> made = family.metadata(config);
    Map<String, Object> different = new LinkedHashMap<>();
    made.forEach(
        (key, value) -> {
          Object old = stored.get(key);
          boolean same =
              value instanceof Float f && old instanceof Float o
                  ? Math.abs(f - o) <= SAME * Math.abs(o)
                  : value.equals(old);
          if (old != null && !same) {
            different.put(key, value + " in place of " + old);
          }
        });
    // The converter of Phi 2 states four times the width, whatever it is.
    different.remove("phi2.feed_forward_length");
    // Blocks that predict further tokens are counted there and left out here.
    different.remove("glm4moe.block_count");
    assertEquals(Map.of(), different);
  }

  /** A family is not finished before a file of its peer holds it. */
  @Test
  void everyFamilyHasAFileOfItsPeer() throws IOException {
    Set<String> held = new TreeSet<>();
    for (Path packed : files()) {
      Path file = unpacked(packed);
      try (GgufParts parts = GgufParts.open(file)) {
        GgufFields fields = new GgufFields(file, parts.metadata());
        String architecture = fields.text("general.architecture", "");
        GgufModel model = new GgufModel(architecture, fields, parts.tensors());
        held.add(GgufFamilies.of(model).orElseThrow().modelType());
      }
    }
    Set<String> all = new TreeSet<>();
    GgufFamilies.ALL.forEach(family -> all.add(family.modelType()));
    assertEquals(all, held);
  }
}

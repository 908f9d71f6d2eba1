package dev.ashlar.formats.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.gguf.family.FamilyException;
import dev.ashlar.formats.gguf.family.GgufFamilies;
import dev.ashlar.formats.gguf.family.GgufFamily;
import dev.ashlar.formats.gguf.family.GgufFields;
import dev.ashlar.formats.gguf.family.GgufModel;
import dev.ashlar.tensor.weights.StoredTensor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
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

  /** What converters write and llama.cpp asks for in no family that has it. */
  private static final List<String> UNASKED =
      List.of(
          // Of a model with a tokenizer, which has as many tokens.
          "vocab_size",
          "tensor_data_layout",
          // The head's blocks for further tokens, which are left out.
          "nextn_predict_layers",
          // Nemotron's norms are layer norms.
          "attention.layer_norm_rms_epsilon",
          // HunYuan's shared experts are one, as wide as is said.
          "expert_shared_count");

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
    stored.forEach(
        (key, value) -> {
          String own = key.substring(key.indexOf('.') + 1);
          boolean left = UNASKED.stream().anyMatch(own::equals) || usual(own, value, stored);
          if (key.startsWith(family.architecture() + ".") && !made.containsKey(key) && !left) {
            different.put(key, "missing, where llama.cpp's converter has " + value);
          }
        });
    // The converter of Phi 2 states four times the width, whatever it is.
    different.remove("phi2.feed_forward_length");
    // Blocks that predict further tokens are counted there and left out here.
    different.remove("glm4moe.block_count");
    assertEquals(Map.of(), different);
  }

  /** Whether llama.cpp takes a key for what a file says when it is not there. */
  private static boolean usual(String own, Object value, Map<String, Object> stored) {
    return switch (own) {
      case "rope.scaling.type" -> value.equals("none");
      case "rope.scaling.yarn_beta_fast" -> value.equals(32f);
      case "rope.scaling.yarn_beta_slow" -> value.equals(1f);
      case "rope.freq_base_swa" -> value.equals(stored.get("olmo2.rope.freq_base"));
      default -> false;
    };
  }

  /** Models that llama.cpp computes otherwise, and the same families where it does not. */
  @Test
  void whatOthersComputeOtherwiseIsSaid() throws IOException {
    assertSaid("phi3", Map.of(), "no window");
    assertSaid("phi3", Collections.singletonMap("sliding_window", null), "");
    assertSaid("exaone4", Map.of(), "64 layers");
    assertSaid("exaone4", Map.of("num_hidden_layers", 64L), "");
    assertSaid("exaone4", Collections.singletonMap("sliding_window", null), "");
    assertSaid("phimoe", Map.of("sliding_window", 0L), "norms");
    assertSaid("deepseek_v2_lite", Map.of(), "");
    assertSaid(
        "deepseek_v2_lite", Map.of("topk_method", "group_limited_greedy"), "groups of experts");
    assertSaid("llama", Map.of(), "");
  }

  private void assertSaid(String name, Map<String, Object> other, String part) throws IOException {
    Map<String, Object> config = config(name);
    config.putAll(other);
    GgufFamily family = GgufFamilies.ofConfig(config).orElseThrow();
    String said = String.join("; ", family.unheeded(config));
    assertTrue(part.isEmpty() ? said.isEmpty() : said.contains(part), name + ": " + said);
  }

  private Map<String, Object> config(String name) throws IOException {
    Path file = unpacked(FOLDER.resolve(name + ".gguf.gz"));
    try (Checkpoint checkpoint = Checkpoints.open(file)) {
      return new LinkedHashMap<>(checkpoint.config());
    } finally {
      Files.delete(file);
    }
  }

  /** The published configuration of dots.llm1 names its correction where others have the score. */
  @Test
  void scoresOfExpertsHaveSeveralNames() throws IOException {
    Map<String, Object> config = config("dots1");
    GgufFamily family = GgufFamilies.ofConfig(config).orElseThrow();
    for (String said : List.of("sigmoid", "noaux_tc")) {
      config.put("scoring_func", said);
      assertEquals(2L, family.metadata(config).get("dots1.expert_gating_func"), said);
    }
    config.put("scoring_func", "tanh");
    assertThrows(FamilyException.class, () -> family.metadata(config));
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

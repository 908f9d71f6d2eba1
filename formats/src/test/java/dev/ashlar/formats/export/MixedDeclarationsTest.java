package dev.ashlar.formats.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.io.InputException;
import dev.ashlar.io.json.Json;
import dev.ashlar.io.json.JsonWriter;
import dev.ashlar.tensor.quant.ActivationScheme;
import dev.ashlar.tensor.quant.ActivationScheme.Element;
import dev.ashlar.tensor.quant.FloatFormat;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Folders of several layouts whose configuration says less than it should, or something that is not
 * so: what is stored counts.
 */
class MixedDeclarationsTest {
  private static final String WORDS = "model.layers.0.words";
  private static final String BYTES = "model.layers.0.bytes";
  private static final String FLOATS = "model.layers.0.floats";
  private static final String BLOCKS = "model.layers.0.blocks";

  @TempDir Path temporary;

  private final Map<String, QuantizedMatrix> matrices = new LinkedHashMap<>();
  private Path folder;

  @BeforeEach
  void write() throws IOException {
    Element bytes = new Element.Integers(8, true);
    Map<String, QuantScheme> layers = new LinkedHashMap<>();
    layers.put(WORDS, new IntegerGrid(4, 32, false));
    layers.put(
        BYTES,
        new IntegerGrid(8, -1, true)
            .withActivations(Optional.of(new ActivationScheme(bytes, -1, true))));
    layers.put(FLOATS, FloatGrid.fp8(FloatFormat.E4M3));
    layers.put(BLOCKS, FloatGrid.nvfp4());
    folder = temporary.resolve("folder");
    matrices.putAll(
        MixedLayoutsTest.write(temporary.resolve("none"), layers, layers.get(WORDS), folder));
  }

  private static Object copy(Object value) {
    if (value instanceof Map<?, ?> map) {
      Map<String, Object> copy = new LinkedHashMap<>();
      map.forEach((k, v) -> copy.put((String) k, copy(v)));
      return copy;
    }
    return value instanceof List<?> list
        ? new ArrayList<>(list.stream().map(MixedDeclarationsTest::copy).toList())
        : value;
  }

  /** Rewrites the quantization configuration. */
  private void edit(Consumer<Map<String, Object>> change) throws IOException {
    Map<String, Object> config =
        new LinkedHashMap<>(Json.readObject(folder.resolve("config.json")));
    Object edited = copy(config.get("quantization_config"));
    change.accept(object(edited));
    config.put("quantization_config", edited);
    Files.writeString(folder.resolve("config.json"), JsonWriter.pretty(config));
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> object(Object value) {
    return (Map<String, Object>) value;
  }

  private static List<Map<String, Object>> groups(Map<String, Object> quantization) {
    return object(quantization.get("config_groups")).values().stream()
        .map(MixedDeclarationsTest::object)
        .toList();
  }

  /** Gives each group what another has under that key. */
  private static void turn(Map<String, Object> quantization, String key) {
    List<Map<String, Object>> groups = groups(quantization);
    List<Object> values = new ArrayList<>(groups.stream().map(g -> g.get(key)).toList());
    Collections.rotate(values, 1);
    for (int i = 0; i < values.size(); i++) {
      groups.get(i).put(key, values.get(i));
    }
  }

  private void weightsAreRead() {
    try (Checkpoint copy = Checkpoints.open(folder)) {
      assertEquals(matrices.keySet(), new TreeSet<>(copy.quantizedNames()));
      matrices.forEach(
          (module, matrix) ->
              assertArrayEquals(
                  matrix.dequantize().data(),
                  copy.quantized(module).orElseThrow().dequantize().data(),
                  module));
    }
  }

  @Test
  void aGroupMayLeaveItsFormatToItsScheme() throws IOException {
    edit(q -> groups(q).forEach(g -> g.remove("format")));
    ExportCheck.verify(withoutCopy());
    MixedLayoutsTest.reads(folder, matrices);
  }

  /** Whose side file would have to repeat the configuration. */
  private Path withoutCopy() throws IOException {
    Files.delete(folder.resolve("quantization_config.json"));
    return folder;
  }

  @Test
  void theFormatOfTheFolderIsForGroupsWithoutOne() throws IOException {
    edit(
        q -> {
          q.put("format", "pack-quantized");
          groups(q).forEach(g -> g.remove("format"));
        });
    MixedLayoutsTest.reads(folder, matrices);
  }

  @Test
  void formatsOfOtherGroupsAreNotBelieved() throws IOException {
    edit(q -> turn(q, "format"));
    MixedLayoutsTest.reads(folder, matrices);
  }

  /** Each layer is then read by the group that is for such tensors, with its inputs. */
  @Test
  void targetsOfOtherGroupsAreNotBelieved() throws IOException {
    edit(q -> turn(q, "targets"));
    MixedLayoutsTest.reads(folder, matrices);
  }

  @Test
  void kindsOfNumbersAreNotBelieved() throws IOException {
    edit(
        q ->
            groups(q)
                .forEach(
                    g -> {
                      Map<String, Object> weights = object(g.get("weights"));
                      boolean integers = "int".equals(weights.get("type"));
                      weights.put("type", integers ? "float" : "int");
                      weights.put("num_bits", 8L);
                      weights.put("strategy", "channel");
                    }));
    weightsAreRead();
  }

  @Test
  void ignoredLayersThatArePackedAreRead() throws IOException {
    edit(q -> q.put("ignore", List.of("re:model.*", "lm_head")));
    weightsAreRead();
    InputException e = assertThrows(InputException.class, () -> ExportCheck.verify(withoutCopy()));
    assertTrue(e.getMessage().contains("the declared scheme"), e.getMessage());
  }

  @Test
  void layersThatAreFloatStayFloat() throws IOException {
    edit(
        q -> {
          q.put("ignore", List.of());
          groups(q).getFirst().put("targets", List.of(WORDS, "model.layers.0.float"));
        });
    MixedLayoutsTest.reads(folder, matrices);
  }

  @Test
  void layersMayBeMeantInAnyWay() throws IOException {
    edit(
        q -> {
          List<Map<String, Object>> groups = groups(q);
          groups.get(0).put("targets", List.of("Linear"));
          groups.get(1).put("targets", List.of("re:.*bytes$", "re:.*blocks"));
        });
    MixedLayoutsTest.reads(folder, matrices);
  }

  @Test
  void whatNobodyKnowsIsRefused() throws IOException {
    refused("config_groups.group_2.format", q -> groups(q).get(2).put("format", "marlin-24"));
    refused(
        "config_groups.group_3.weights.num_bits: expected 4 or 8",
        q -> object(groups(q).get(3).get("weights")).put("num_bits", 6L));
    refused(
        "config_groups.group_2.weights.strategy",
        q -> object(groups(q).get(2).get("weights")).put("strategy", "attn_head"));
    refused(
        "config_groups.group_0.weights.type",
        q -> object(groups(q).get(0).get("weights")).put("type", "complex"));
  }

  private void refused(String part, Consumer<Map<String, Object>> change) throws IOException {
    byte[] config = Files.readAllBytes(folder.resolve("config.json"));
    edit(change);
    InputException e = assertThrows(InputException.class, () -> Checkpoints.open(folder));
    assertTrue(e.getMessage().contains(part), e.getMessage());
    Files.write(folder.resolve("config.json"), config);
  }
}

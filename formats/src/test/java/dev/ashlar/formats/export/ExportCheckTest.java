package dev.ashlar.formats.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.safetensors.SafetensorsFile;
import dev.ashlar.formats.safetensors.SafetensorsWriter;
import dev.ashlar.io.InputException;
import dev.ashlar.io.file.AtomicFile;
import dev.ashlar.io.json.Json;
import dev.ashlar.io.json.JsonWriter;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.Tensor;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each rule of {@link ExportCheck}, broken once. */
class ExportCheckTest {
  private static final String LAYER = "model.layers.0.mlp.down_proj";

  @TempDir Path folder;

  private static Path golden() {
    try {
      return Path.of(
          ExportCheckTest.class.getResource("/layout/exports/llama-mixed-it0/auto_round").toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Copies the golden folder with some tensors kept, some added, and the configuration changed. */
  private Path variant(
      Predicate<String> kept,
      Consumer<SafetensorsWriter> more,
      Consumer<Map<String, Object>> config)
      throws IOException {
    try (SafetensorsFile file = SafetensorsFile.open(golden().resolve("model.safetensors"));
        SafetensorsWriter writer = SafetensorsWriter.inFolder(folder)) {
      file.names().stream().filter(kept).map(file::tensor).forEach(writer::copy);
      more.accept(writer);
      writer.finish();
    }
    Map<String, Object> json = Json.readObject(golden().resolve("config.json"));
    config.accept(json);
    Files.writeString(folder.resolve("config.json"), JsonWriter.pretty(json));
    return folder;
  }

  private static void assertBroken(Path folder, String tensor) {
    InputException e = assertThrows(InputException.class, () -> ExportCheck.verify(folder));
    assertTrue(e.place().contains(tensor), e.getMessage());
  }

  @Test
  void theGoldenItselfPasses() {
    ExportReport report = ExportCheck.verify(golden());
    assertEquals(1, report.files());
    assertEquals(13, report.packed());
  }

  @Test
  void aLayerStoredTwice() throws IOException {
    variant(
        name -> true, w -> w.floats(LAYER + ".weight", DType.F32, Tensor.zeros(64, 128)), c -> {});
    assertBroken(folder, LAYER + ".weight");
  }

  @Test
  void aNeedlessGroupIndex() throws IOException {
    int[] groups = new int[128];
    for (int k = 0; k < groups.length; k++) {
      groups[k] = k / 32;
    }
    variant(name -> true, w -> w.ints(LAYER + ".g_idx", Shape.of(128), groups), c -> {});
    assertBroken(folder, LAYER + ".g_idx");
  }

  @Test
  void scalesOfAnotherType() throws IOException {
    try (SafetensorsFile file = SafetensorsFile.open(golden().resolve("model.safetensors"))) {
      Tensor scales = file.tensor(LAYER + ".scales").toTensor();
      variant(
          name -> !name.equals(LAYER + ".scales"),
          w -> w.floats(LAYER + ".scales", DType.BF16, scales),
          c -> {});
    }
    assertBroken(folder, LAYER + ".scales");
  }

  @Test
  void aMissingPart() throws IOException {
    variant(name -> !name.equals(LAYER + ".qzeros"), w -> {}, c -> {});
    assertBroken(folder, LAYER + ".qzeros");
  }

  @Test
  void aMissingFloatLayer() throws IOException {
    variant(name -> !name.equals("model.layers.1.self_attn.o_proj.weight"), w -> {}, c -> {});
    assertBroken(folder, "model.layers.1.self_attn.o_proj");
  }

  @Test
  void aWrongScheme() throws IOException {
    variant(
        name -> true,
        w -> {},
        c -> Json.asObject(c.get("quantization_config"), "config").remove("extra_config"));
    assertBroken(folder, "model.layers.");
  }

  @Test
  void aTiedHead() throws IOException {
    variant(name -> true, w -> {}, c -> c.put("tie_word_embeddings", true));
    assertBroken(folder, "lm_head.weight");
  }

  @Test
  void floatTensorsOfAnotherType() throws IOException {
    variant(
        name -> true,
        w -> {},
        c -> {
          c.put("dtype", "float16");
          Json.asObject(c.get("quantization_config"), "config").put("quant_method", "gptq");
        });
    assertBroken(folder, ".weight");
  }

  @Test
  void anotherSideFile() throws IOException {
    variant(name -> true, w -> {}, c -> {});
    Files.writeString(folder.resolve("quantization_config.json"), "{\"bits\":4}");
    assertBroken(folder, "quantization_config.json");
  }

  @Test
  void temporaryFiles() throws IOException {
    variant(name -> true, w -> {}, c -> {});
    // Of somebody else, which is no concern of a check of ours.
    Files.createFile(folder.resolve(".model.safetensors.ashlar-part"));
    ExportCheck.verify(folder);
    AtomicFile.create(folder.resolve("model.safetensors")).channel().close();
    InputException e = assertThrows(InputException.class, () -> ExportCheck.verify(folder));
    assertTrue(e.getMessage().contains("temporary"), e.getMessage());
  }

  @Test
  void aWrongTotalSize() throws IOException {
    try (SafetensorsFile file = SafetensorsFile.open(golden().resolve("model.safetensors"));
        SafetensorsWriter writer = SafetensorsWriter.inFolder(folder, 40_000)) {
      file.names().stream().map(file::tensor).forEach(writer::copy);
      writer.finish();
    }
    Files.copy(golden().resolve("config.json"), folder.resolve("config.json"));
    assertTrue(ExportCheck.verify(folder).files() > 1);
    Path index = folder.resolve("model.safetensors.index.json");
    Map<String, Object> json = Json.readObject(index);
    json.put("metadata", Map.of("total_size", 7));
    Files.writeString(index, JsonWriter.pretty(json));
    assertBroken(folder, "index");
  }
}

package dev.ashlar.formats.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.safetensors.SafetensorsWriter;
import dev.ashlar.io.InputException;
import dev.ashlar.io.json.JsonWriter;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The divisors of an activation function that AWQ's loaders put in for some families. */
class AwqScalesTest {
  private static final IntegerGrid GRID = new IntegerGrid(4, 32, false);

  @TempDir Path temporary;

  /** A folder of one layer, and its AWQ export. */
  private Path exported(String type, String module) throws IOException {
    Path floats = Files.createDirectories(temporary.resolve("floats"));
    Tensor w = Tensor.zeros(64, 32);
    for (int i = 0; i < w.size(); i++) {
      w.data()[i] = (i % 17 - 8) * 0.01f;
    }
    try (SafetensorsWriter writer = SafetensorsWriter.inFolder(floats)) {
      writer.floats(module + ".weight", DType.F32, w);
      writer.finish();
    }
    Files.writeString(floats.resolve("config.json"), JsonWriter.pretty(Map.of("model_type", type)));
    Path folder = temporary.resolve("awq");
    ExportPlan plan = new ExportPlan(GRID, Map.of(module, GRID));
    try (Checkpoint source = Checkpoints.open(floats);
        ExportSink sink =
            new AutoAwqFormat().create(folder, source, plan, ExportOptions.defaults())) {
      sink.quantized(module, rounded(w));
      sink.finish();
    }
    return folder;
  }

  private static QuantizedMatrix rounded(Tensor w) {
    return ModelExportTest.round(w, GRID);
  }

  @ParameterizedTest
  @CsvSource({
    "gpt_neox, gpt_neox.layers.0.mlp.dense_h_to_4h, gpt_neox.layers.0.mlp.act.scales",
    "bloom, transformer.h.0.mlp.dense_h_to_4h, transformer.h.0.mlp.gelu_impl.scales",
    "starcoder2, model.layers.0.mlp.c_fc, model.layers.0.mlp.act.scales",
    "mpt, transformer.blocks.0.ffn.up_proj, transformer.blocks.0.ffn.act.scales"
  })
  void onesAreWrittenWhereLoadersAsk(String type, String module, String scales) throws IOException {
    Path folder = exported(type, module);
    String header =
        new String(
            Files.readAllBytes(folder.resolve("model.safetensors")), StandardCharsets.ISO_8859_1);
    assertTrue(header.contains("\"" + scales + "\""), scales);
    ExportCheck.verify(folder);
    try (Checkpoint copy = Checkpoints.open(folder)) {
      assertEquals(1, copy.quantizedNames().size());
      assertTrue(copy.names().stream().noneMatch(scales::equals), copy.names() + "");
    }
  }

  @Test
  void otherFamiliesHaveNone() throws IOException {
    Path folder = exported("llama", "model.layers.0.mlp.up_proj");
    byte[] bytes = Files.readAllBytes(folder.resolve("model.safetensors"));
    assertTrue(!new String(bytes, StandardCharsets.ISO_8859_1).contains(".act.scales\""));
  }

  /** They change what the next map sees, and nothing here divides by them. */
  @Test
  void othersThanOnesAreRefused() throws IOException {
    Path folder = exported("gpt_neox", "gpt_neox.layers.0.mlp.dense_h_to_4h");
    Path file = folder.resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(file);
    byte[] ones = new byte[128];
    for (int i = 0; i < ones.length; i += 2) {
      ones[i + 1] = 0x3C;
    }
    int at = 0;
    while (!Arrays.equals(bytes, at, at + ones.length, ones, 0, ones.length)) {
      at++;
    }
    byte[] before = bytes.clone();
    bytes[at + 9] = 0x40;
    assertEquals(9 + at, Arrays.mismatch(before, bytes));
    Files.write(file, bytes);
    InputException e = assertThrows(InputException.class, () -> Checkpoints.open(folder));
    assertTrue(
        e.getMessage().contains("mlp.act.scales") && e.getMessage().contains("found 2.0;"),
        e.getMessage());
  }
}

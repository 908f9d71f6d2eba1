package dev.ashlar.formats.layout;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.safetensors.SafetensorsFile;
import dev.ashlar.formats.safetensors.SafetensorsWriter;
import dev.ashlar.formats.safetensors.TensorOutput;
import dev.ashlar.io.InputException;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.FloatFormat;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Eight-bit floats with a scale for each block. */
class Fp8WeightsTest {
  /** E4M3 for 1.0. */
  private static final byte ONE = 0x38;

  @TempDir Path folder;

  private Checkpoint checkpoint(String block, int... scaleShape) throws IOException {
    return checkpoint(block, Shape.of(3, 5), scaleShape);
  }

  private Checkpoint checkpoint(String block, Shape shape, int... scaleShape) throws IOException {
    Files.writeString(
        folder.resolve("config.json"),
        "{\"quantization_config\": {\"quant_method\": \"fp8\"" + block + "}}");
    try (SafetensorsWriter writer = SafetensorsWriter.inFolder(folder)) {
      byte[] ones = new byte[(int) shape.size()];
      Arrays.fill(ones, ONE);
      try (TensorOutput out = writer.begin("a.weight", DType.F8_E4M3, shape)) {
        out.bytes(ones, 0, ones.length);
      }
      Tensor scales = Tensor.zeros(scaleShape[0], scaleShape[1]);
      for (int i = 0; i < scales.size(); i++) {
        scales.data()[i] = i + 2;
      }
      writer.floats("a.weight_scale_inv", DType.F32, scales);
      writer.finish();
    }
    return Checkpoints.open(folder);
  }

  @Test
  void everyBlockHasItsScaleWhereverReadingBegins() throws IOException {
    try (Checkpoint c = checkpoint(", \"weight_block_size\": [2, 3]", 2, 2)) {
      assertEquals(Set.of("a.weight"), c.names());
      assertTrue(c.quantizedNames().isEmpty());
      StoredTensor t = c.tensor("a.weight");
      float[] all = {2, 2, 2, 3, 3, 2, 2, 2, 3, 3, 4, 4, 4, 5, 5};
      assertArrayEquals(all, t.toTensor().data());
      float[] some = new float[9];
      t.read(4, some, 1, 8);
      assertArrayEquals(new float[] {0, 3, 2, 2, 2, 3, 3, 4, 4}, some);
    }
  }

  /**
   * What auto-round itself wrote of matrices that tiles do not divide, and the same bytes again.
   */
  @Test
  void aFolderOfAutoRoundIsReadAndWrittenAgain() throws URISyntaxException {
    Path peer = Path.of(Fp8WeightsTest.class.getResource("/layout/fp8-block").toURI());
    FloatGrid tiles = FloatGrid.tiles(FloatFormat.E4M3, 128);
    try (Checkpoint c = Checkpoints.open(peer);
        SafetensorsFile file = SafetensorsFile.open(peer.resolve("model.safetensors"))) {
      int found = 0;
      for (String name : file.names()) {
        if (file.tensor(name).dtype() != DType.F8_E4M3) {
          continue;
        }
        found++;
        String module = name.substring(0, name.length() - ".weight".length());
        QuantizedMatrix q = c.quantized(module).orElseThrow();
        assertEquals(tiles, ((Groups.Scales) q.groups()).grid().withActivations(Optional.empty()));
        assertEquals("e4m3 g128 dynamic", q.inputs().orElseThrow().toString());
        StoredTensor codes = file.tensor(name);
        float[] values = codes.toTensor().data();
        float[] scales = file.tensor(name + "_scale_inv").toTensor().data();
        int in = q.in();
        int perRow = Math.ceilDiv(in, 128);
        float[] w = q.dequantize().data();
        for (int i = 0; i < w.length; i++) {
          float scale = scales[i / in / 128 * perRow + i % in / 128];
          assertEquals(values[i] * scale + 0f, w[i] + 0f, name + " at " + i);
        }
        for (PackedTensor part : SmallFloatLayout.fp8().pack(module, q)) {
          StoredTensor stored = file.tensor(part.name());
          assertEquals(stored.dtype(), part.dtype(), part.name());
          assertEquals(stored.shape(), part.shape(), part.name());
          byte[] bytes = new byte[(int) stored.byteSize()];
          stored.readBytes(0, bytes, 0, bytes.length);
          assertArrayEquals(bytes, part.bytes(), part.name());
        }
      }
      assertEquals(7, found);
    }
  }

  /** As they run, with inputs rounded where the configuration says so. */
  @Test
  void tilesAreCodesToWhoeverAsksForThem() throws IOException {
    for (String scheme : new String[] {"", ", \"activation_scheme\": \"dynamic\""}) {
      try (Checkpoint c = checkpoint(", \"weight_block_size\": [2, 3]" + scheme, 2, 2)) {
        StoredTensor t = c.tensor("a.weight");
        QuantizedMatrix q = t.quantized().orElseThrow();
        assertArrayEquals(t.toTensor().data(), q.dequantize().data());
        assertEquals(scheme.isEmpty(), q.inputs().isEmpty());
        q.inputs().ifPresent(a -> assertEquals("e4m3 g3 dynamic", a.toString()));
      }
    }
    try (Checkpoint c = checkpoint("", 1, 1)) {
      StoredTensor t = c.tensor("a.weight");
      assertArrayEquals(t.toTensor().data(), t.quantized().orElseThrow().dequantize().data());
    }
  }

  @Test
  void oneScaleIsForTheWholeMatrix() throws IOException {
    try (Checkpoint c = checkpoint("", 1, 1)) {
      for (float x : c.tensor("a.weight").toTensor().data()) {
        assertEquals(2, x);
      }
    }
  }

  @Test
  void blocksAreOfTheSizeThatTheScalesShow() throws IOException {
    for (String said : new String[] {"", ", \"weight_block_size\": [16, 16]"}) {
      try (Checkpoint c = checkpoint(said, Shape.of(16, 32), 2, 2)) {
        float[] all = c.tensor("a.weight").toTensor().data();
        assertEquals(2, all[15]);
        assertEquals(3, all[16]);
        assertEquals(4, all[8 * 32]);
        assertEquals(5, all[16 * 32 - 1]);
      }
    }
  }

  @Test
  void scalesThatDoNotFitAreRefused() {
    InputException e =
        assertThrows(
            InputException.class, () -> checkpoint(", \"weight_block_size\": [2, 3]", 2, 3));
    assertTrue(e.getMessage().contains("a.weight_scale_inv"), e.getMessage());
    assertThrows(InputException.class, () -> checkpoint(", \"weight_block_size\": 128", 2, 2));
  }
}

package dev.ashlar.formats.layout;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.safetensors.SafetensorsWriter;
import dev.ashlar.formats.safetensors.TensorOutput;
import dev.ashlar.io.InputException;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Small floats that were damaged: what is no number is never taken for zero. */
class SmallFloatWeightsTest {
  /** E4M3 for 1.0. */
  private static final byte ONE = 0x38;

  private static final int IN = 64;

  @TempDir Path folder;

  /** One row in two blocks, with {@code code} and {@code exponent} in the second. */
  private Checkpoint mxfp8(int code, int exponent) throws IOException {
    Files.writeString(
        folder.resolve("config.json"),
        "{\"quantization_config\": {\"quant_method\": \"auto-round\", \"data_type\": \"mx_fp\"}}");
    byte[] codes = new byte[IN];
    Arrays.fill(codes, ONE);
    codes[IN - 1] = (byte) code;
    try (SafetensorsWriter writer = SafetensorsWriter.inFolder(folder)) {
      try (TensorOutput out = writer.begin("a.weight", DType.F8_E4M3, Shape.of(1, IN))) {
        out.bytes(codes, 0, codes.length);
      }
      try (TensorOutput out = writer.begin("a.weight_scale", DType.U8, Shape.of(1, 2))) {
        out.bytes(new byte[] {127, (byte) exponent}, 0, 2);
      }
      writer.finish();
    }
    return Checkpoints.open(folder);
  }

  @Test
  void blocksHaveTheirScales() throws IOException {
    try (Checkpoint c = mxfp8(0xB8, 128)) {
      float[] expected = new float[IN];
      Arrays.fill(expected, 0, IN / 2, 1);
      Arrays.fill(expected, IN / 2, IN, 2);
      expected[IN - 1] = -2;
      assertArrayEquals(expected, c.quantized("a").orElseThrow().dequantize().data());
    }
  }

  @Test
  void codesAndScalesOfNoNumberAreRefused() throws IOException {
    refused("a.weight: expected finite numbers", 0x7F, 127);
    refused("a.weight: expected finite numbers", 0xFF, 127);
    refused("a.weight_scale: expected finite scales", ONE, 255);
  }

  private void refused(String message, int code, int exponent) throws IOException {
    try (Checkpoint c = mxfp8(code, exponent)) {
      InputException e = assertThrows(InputException.class, () -> c.quantized("a"));
      assertTrue(e.getMessage().contains(message), e.getMessage());
    }
  }
}

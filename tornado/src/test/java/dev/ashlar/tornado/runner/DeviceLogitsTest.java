package dev.ashlar.tornado.runner;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.runner.Runner;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.weights.WeightSource;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Logits of many rows at a time, each its own row's. */
class DeviceLogitsTest {
  private static final int BATCH = 9;

  private static final double TOLERANCE = 1e-4;

  /** Rows far from each other, and in no order that a batch could hide. */
  private static Tensor rows(int count, int dim, int seed) {
    Random random = new Random(seed);
    Tensor all = Tensor.zeros(count, dim);
    for (int i = 0; i < all.size(); i++) {
      all.data()[i] = (float) random.nextGaussian() * (1 + i / dim % 3);
    }
    return all;
  }

  private static float[] row(Tensor all, int r, int width) {
    return Arrays.copyOfRange(all.data(), r * width, (r + 1) * width);
  }

  /** Whole batches, one that is not full, rows too few for one, and single rows between. */
  @ParameterizedTest
  @CsvSource({
    "llama, false, 30",
    "llama, true, 20",
    "gemma2_bf16, false, 26",
    "gemma2_bf16, true, 17",
    "gpt2_scale_by_layer, false, 27",
    "opt_350m_style, false, 26"
  })
  void eachRowHasItsOwnLogits(String name, boolean groups, int count) throws IOException {
    try (WeightSource source = Checkpoints.open(DeviceRunnerTest.MODELS.resolve(name))) {
      DecoderSpec spec = Architectures.spec(source);
      Runner processor = DeviceRunnerTest.processor(source);
      try (DeviceRunner device =
          DeviceRunner.open(spec, source, new DeviceRunner.Options(64, BATCH, groups))) {
        long before = device.deviceBytes();
        check(processor, device, rows(1, spec.dim(), 1));
        check(processor, device, rows(DeviceLogits.FEWEST - 1, spec.dim(), 2));
        assertEquals(before, device.deviceBytes(), "few rows need no more room");
        check(processor, device, rows(count, spec.dim(), 3));
        assertTrue(device.deviceBytes() > before);
        check(processor, device, rows(1, spec.dim(), 4));
        check(processor, device, rows(DeviceLogits.FEWEST, spec.dim(), 5));
        check(processor, device, rows(BATCH, spec.dim(), 6));
      }
    }
  }

  private static void check(Runner processor, DeviceRunner device, Tensor hidden) {
    int rows = hidden.dim(0);
    int vocab = device.vocab();
    Tensor expected = processor.head(hidden).copy();
    Tensor found = device.head(hidden);
    assertEquals(expected.shape(), found.shape());
    for (int r = 0; r < rows; r++) {
      float[] own = row(found, r, vocab);
      double[] errors = new double[2];
      for (int i = 0; i < vocab; i++) {
        double e = expected.data()[r * vocab + i];
        errors[0] += (own[i] - e) * (own[i] - e);
        errors[1] += e * e;
      }
      double relative = Math.sqrt(errors[0] / errors[1]);
      assertTrue(relative < TOLERANCE, "row " + r + " of " + rows + ": " + relative);
      Tensor alone = Tensor.of(row(hidden, r, device.dim()), 1, device.dim());
      assertArrayEquals(device.head(alone).data(), own, "row " + r + " of " + rows);
    }
  }

  /** Where the device has no room for a second copy of the matrix, rows go one by one. */
  @ParameterizedTest
  @CsvSource({"llama", "gemma2_bf16"})
  void withoutRoomRowsGoOneByOne(String name) throws IOException {
    try (WeightSource source = Checkpoints.open(DeviceRunnerTest.MODELS.resolve(name))) {
      DecoderSpec spec = Architectures.spec(source);
      long least;
      try (DeviceRunner device =
          DeviceRunner.open(spec, source, new DeviceRunner.Options(64, BATCH, false))) {
        least = device.deviceBytes();
      }
      try (DeviceRunner device =
          DeviceRunner.open(spec, source, new DeviceRunner.Options(64, BATCH, false, least))) {
        check(DeviceRunnerTest.processor(source), device, rows(20, spec.dim(), 7));
        assertEquals(least, device.deviceBytes());
      }
    }
  }
}

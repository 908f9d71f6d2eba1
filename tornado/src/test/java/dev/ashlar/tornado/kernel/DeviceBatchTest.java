package dev.ashlar.tornado.kernel;

import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kernel.LossKernel;
import java.util.Random;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Batches, losses and what is kept, against the definition. */
class DeviceBatchTest {
  private static final int SAMPLES = 5;
  private static final int LENGTH = 3;
  private static final int DIM = 7;

  /** The second place is empty. */
  private static final int[] BATCH = {4, -1, 2};

  private static final int ROWS = BATCH.length * LENGTH;

  private final Random random = new Random(11);
  private final float[] samples = DeviceTesting.floats(random, SAMPLES * LENGTH * DIM, 1);
  private final FloatArray all = DeviceTesting.device(samples);
  private final IntArray batch = IntArray.fromArray(BATCH);

  @Test
  void batchesAreTheSamples() {
    FloatArray x = DeviceTesting.device(DeviceTesting.floats(random, ROWS * DIM, 1));
    DeviceTesting.run(
        g -> g.task("k", DeviceBatch::gather, all, batch, x, ROWS, LENGTH, DIM), all, batch, x);
    DeviceTesting.assertClose(gathered(), x, 0, 0, "batch");
  }

  private float[] gathered() {
    int size = LENGTH * DIM;
    float[] rows = new float[ROWS * DIM];
    for (int b = 0; b < BATCH.length; b++) {
      if (BATCH[b] >= 0) {
        System.arraycopy(samples, BATCH[b] * size, rows, b * size, size);
      }
    }
    return rows;
  }

  @Test
  void lossesAreTheDefinition() {
    int[] counted = new int[SAMPLES * LENGTH];
    for (int i = 0; i < counted.length; i++) {
      counted[i] = i % 4 == 0 ? 0 : 1;
    }
    float[] p = DeviceTesting.floats(random, ROWS * DIM, 1);
    float[] expected = new float[ROWS];
    float[] gradient = new float[ROWS * DIM];
    LossKernel definition = Backends.reference().loss();
    float[] y = gathered();
    float scale = 37f;
    for (int r = 0; r < ROWS; r++) {
      int sample = BATCH[r / LENGTH];
      if (sample >= 0 && counted[sample * LENGTH + r % LENGTH] == 1) {
        expected[r] = (float) definition.squaredError(r * DIM, DIM, p, y);
        definition.squaredErrorBackward(r * DIM, DIM, p, y, scale, gradient, false);
      }
    }
    FloatArray found = DeviceTesting.device(p);
    IntArray counts = IntArray.fromArray(counted);
    FloatArray factor = DeviceTesting.device(new float[] {scale});
    FloatArray sums = DeviceTesting.device(new float[ROWS]);
    FloatArray d = DeviceTesting.device(DeviceTesting.floats(random, ROWS * DIM, 1));
    DeviceTesting.run(
        g ->
            g.task(
                "k",
                DeviceBatch::squaredError,
                found,
                all,
                counts,
                batch,
                factor,
                sums,
                d,
                ROWS,
                LENGTH,
                DIM),
        found,
        all,
        counts,
        batch,
        factor,
        sums,
        d);
    DeviceTesting.assertClose(expected, sums, 1e-5, 0, "losses");
    DeviceTesting.assertClose(gradient, d, 1e-5, 1e-5, "gradients");
  }

  @Test
  void whatIsBetterIsKept() {
    float[] x = DeviceTesting.floats(random, 40, 2);
    float[] before = new float[40];
    FloatArray from = DeviceTesting.device(x);
    for (int when = 0; when <= 1; when++) {
      FloatArray to = DeviceTesting.device(before);
      IntArray asked = IntArray.fromArray(new int[] {when});
      DeviceTesting.run(
          g -> g.task("k", DeviceBatch::copyWhen, from, to, asked, 40), from, to, asked);
      DeviceTesting.assertClose(when == 1 ? x : before, to, 0, 0, "kept " + when);
    }
    for (int i = 0; i < x.length; i++) {
      x[i] = Math.clamp(x[i], -0.5f, 0.5f);
    }
    DeviceTesting.run(g -> g.task("k", DeviceBatch::bounded, from, 40, 0.5f), from);
    DeviceTesting.assertClose(x, from, 0, 0, "clamped");
  }
}

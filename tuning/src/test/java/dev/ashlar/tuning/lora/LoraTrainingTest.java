package dev.ashlar.tuning.lora;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.nn.decoder.Block;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Workspace;
import dev.ashlar.tuning.TinyModel;
import dev.ashlar.tuning.calibration.CalibrationSet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What counts in a training, and when there is nothing left that could. */
class LoraTrainingTest {
  private static final Set<String> MAPS =
      Set.of("model.layers.0.self_attn.q_proj", "model.layers.1.mlp.down_proj");
  private static final int LENGTH = 24;

  private static LoraTraining training(double rate, int steps) {
    return training(rate, steps, 0);
  }

  private static LoraTraining training(double rate, int steps, long spare) {
    LoraOptions options = new LoraOptions(4, 8, steps, 2, rate, 1, 3);
    Decoder model = TinyModel.load();
    return new LoraTraining(model, LoraTraining.fresh(model, MAPS, options), options, () -> spare);
  }

  /** Texts of these lengths, {@code pad} behind them up to the longest. */
  private static CalibrationSet padded(int pad, int... lengths) {
    CalibrationSet random = TinyModel.data(lengths.length, LENGTH);
    int longest = Arrays.stream(lengths).max().orElseThrow();
    List<int[]> samples = new ArrayList<>();
    boolean[][] counted = new boolean[lengths.length][longest];
    for (int i = 0; i < lengths.length; i++) {
      int[] ids = Arrays.copyOf(random.sample(i), longest);
      Arrays.fill(ids, lengths[i], longest, pad);
      Arrays.fill(counted[i], 0, lengths[i] - 1, true);
      samples.add(ids);
    }
    return CalibrationSet.of(samples, counted);
  }

  /** Trained a little, so that all factors have gradients. */
  private static LoraTraining begun() {
    LoraTraining training = training(1e-2, 2);
    training.run(padded(0, LENGTH, LENGTH), (done, loss) -> {});
    return training;
  }

  private static List<float[]> gradients(LoraTraining training) {
    return training.factors().values().stream()
        .flatMap(f -> List.of(f.downGradient(), f.upGradient()).stream())
        .map(t -> Arrays.copyOf(t.data(), t.size()))
        .toList();
  }

  /** A short text counts as it does alone, whatever fills it up. */
  @Test
  void paddingDoesNotCount() {
    LoraTraining training = begun();
    int[] lengths = {9, LENGTH, 3};
    double sum = 0;
    float[][] sums = null;
    for (int i = 0; i < lengths.length; i++) {
      int row = i;
      CalibrationSet all = padded(0, LENGTH, LENGTH, LENGTH);
      int[] alone = Arrays.copyOf(all.sample(row), lengths[i]);
      boolean[] counted = new boolean[lengths[i]];
      Arrays.fill(counted, 0, lengths[i] - 1, true);
      CalibrationSet one = CalibrationSet.of(List.of(alone), new boolean[][] {counted});
      sum += (lengths[i] - 1) * training.gradients(one, 0);
      List<float[]> found = gradients(training);
      sums =
          sums == null
              ? found.stream().map(g -> new float[g.length]).toArray(float[][]::new)
              : sums;
      for (int g = 0; g < sums.length; g++) {
        for (int k = 0; k < sums[g].length; k++) {
          sums[g][k] += (lengths[row] - 1) * found.get(g)[k];
        }
      }
    }
    int counted = IntStream.of(lengths).sum() - lengths.length;
    CalibrationSet zeros = padded(0, lengths);
    assertEquals(sum / counted, training.gradients(zeros, 0, 1, 2), 1e-5);
    List<float[]> together = gradients(training);
    for (int g = 0; g < sums.length; g++) {
      float largest = 0;
      for (int k = 0; k < sums[g].length; k++) {
        sums[g][k] /= counted;
        largest = Math.max(largest, Math.abs(sums[g][k]));
      }
      assertTrue(largest > 0, "no gradient");
      assertArrayEquals(sums[g], together.get(g), 1e-4f * largest);
    }
    double loss = training.loss(zeros, done -> {});
    assertEquals(sum / counted, loss, 1e-5);
    CalibrationSet others = padded(17, lengths);
    assertEquals(loss, training.loss(others, done -> {}));
    training.gradients(others, 0, 1, 2);
    for (int g = 0; g < together.size(); g++) {
      assertArrayEquals(together.get(g), gradients(training).get(g));
    }
  }

  /** What the way back needs is kept or computed once more, for batches of any length. */
  @Test
  void memoryChangesNothing() {
    List<float[]> expected = null;
    for (long spare : new long[] {0, 200_000, Long.MAX_VALUE}) {
      LoraTraining training = training(1e-2, 4, spare);
      training.run(padded(0, LENGTH, 5, 9, LENGTH, 7, 3), (done, loss) -> {});
      training.gradients(padded(0, LENGTH, LENGTH), 0, 1);
      List<float[]> found = gradients(training);
      if (expected == null) {
        expected = found;
      }
      for (int g = 0; g < expected.size(); g++) {
        assertArrayEquals(expected.get(g), found.get(g), spare + " bytes");
      }
    }
  }

  @Test
  void asManyBlocksAreKeptAsThereIsRoomFor() {
    assertEquals(List.of(0L, 0L), kept(0));
    List<Long> all = kept(Long.MAX_VALUE);
    assertEquals(List.of(0L, 2L), all);
    long half = 1;
    while (kept(half).get(1) == 0) {
      half *= 2;
    }
    assertEquals(List.of(0L, 1L), kept(half));
  }

  /** Blocks kept on the way of a first batch and of a second. */
  private static List<Long> kept(long spare) {
    Decoder model = TinyModel.load();
    List<Block> blocks = List.of(model.block(0), model.block(1));
    List<TrainedFactors> some = List.of(TrainedFactors.fresh(2, 2, 1, new Random(1)));
    BlockPasses passes =
        new BlockPasses(model, blocks, List.of(some, List.of()), new Workspace(), () -> spare);
    List<Long> kept = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      Tensor out = passes.forward(new int[LENGTH], 1, true);
      kept.add(passes.kept());
      passes.back(Tensor.zeros(out.shape()));
      assertEquals(0, passes.kept());
    }
    return kept;
  }

  @Test
  void measuringTellsHowFarItIs() {
    List<Integer> told = new ArrayList<>();
    training(1e-2, 1).loss(padded(0, 5, 6, 7, 8, 9), told::add);
    assertEquals(List.of(0, 2, 4), told);
  }

  @Test
  void aLossThatIsNoNumberEndsTheTraining() {
    LoraTraining training = training(1e-2, 5);
    Tensor up = training.factors().values().iterator().next().up();
    DivergedException e =
        assertThrows(
            DivergedException.class,
            () ->
                training.run(
                    padded(0, LENGTH, LENGTH),
                    (done, loss) -> up.data()[0] = done == 4 ? Float.NaN : 0));
    assertEquals("the loss of step 5 is not a number", e.getMessage());
  }

  /** Behind the last step nobody asks for a loss. */
  @Test
  void factorsThatAreNoNumbersEndItEvenBehindTheLastStep() {
    DivergedException e =
        assertThrows(
            DivergedException.class,
            () -> training(1e300, 1).run(padded(0, LENGTH, LENGTH), (done, loss) -> {}));
    assertEquals("behind step 1 the factors are no numbers", e.getMessage());
  }
}

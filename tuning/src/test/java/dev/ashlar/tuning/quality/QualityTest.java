package dev.ashlar.tuning.quality;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.layer.DenseWeight;
import dev.ashlar.nn.layer.PackedWeight;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.op.CrossEntropy;
import dev.ashlar.tensor.kernel.ActivationPrecision;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tuning.TinyModel;
import dev.ashlar.tuning.layerwise.RoundToNearest;
import dev.ashlar.tuning.method.LinearLayer;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.walk.ActivationStore;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class QualityTest {
  private static final int LENGTH = 16;

  private static int[] ids() {
    int[] ids = TinyModel.data(5, LENGTH).ids(0, 5);
    return Arrays.copyOf(ids, ids.length - 3);
  }

  @Test
  void perplexityFollowsTheProtocol() {
    Decoder model = TinyModel.load();
    int[] ids = ids();
    double sum = 0;
    for (int w = 0; w < 4; w++) {
      int[] window = Arrays.copyOfRange(ids, w * LENGTH, (w + 1) * LENGTH);
      Tensor logits = model.forward(window, BlockContext.of(1, LENGTH), Tape.off());
      int vocab = logits.dim(-1);
      for (int t = 0; t + 1 < LENGTH; t++) {
        double z = 0;
        for (int v = 0; v < vocab; v++) {
          z += Math.exp(logits.data()[t * vocab + v]);
        }
        sum += Math.log(z) - logits.data()[t * vocab + window[t + 1]];
      }
    }
    Perplexity p = Perplexity.of(model, ids, LENGTH, 0, WindowListener.SILENT);
    assertEquals(4, p.windows());
    assertEquals(60, p.tokens());
    assertEquals(Math.exp(sum / 60), p.value(), 1e-4 * p.value());
    int[] told = {0};
    Perplexity two =
        Perplexity.of(model, ids, LENGTH, 2, (done, total, value) -> told[0] += done * total);
    assertEquals(2, two.windows());
    assertEquals(2 + 4, told[0]);
    assertThrows(
        IllegalArgumentException.class,
        () -> Perplexity.of(model, new int[3], LENGTH, 0, WindowListener.SILENT));
  }

  @Test
  void blockByBlockIsTheSameToTheLastBit() {
    try (Checkpoint source = TinyModel.open()) {
      Decoder model = Architectures.load(source);
      int[] ids = TinyModel.data(12, 64).ids(0, 12);
      for (int length : new int[] {2, 16, 100, 129, 200, 257, 300}) {
        double[] last = {0};
        Perplexity whole = Perplexity.of(model, ids, length, 0, WindowListener.SILENT);
        Perplexity walked =
            walked(ids, length).of(model, u -> u, done -> last[0] = done).perplexity();
        assertEquals(whole.standardError(), walked.standardError());
        assertEquals(whole.meanLoss(), walked.meanLoss(), "length " + length);
        assertEquals(whole.tokens(), walked.tokens());
        assertEquals(whole.windows(), last[0]);
        assertEquals(unsplit(model, ids, length), whole.meanLoss(), "length " + length);
      }
      UnaryOperator<Unit> rounding = unit -> unit.mapWeights(QualityTest::packed);
      Decoder rounded = model.mapWeights(QualityTest::packed);
      for (int length : new int[] {16, 129, 200}) {
        assertEquals(
            unsplit(rounded, ids, length),
            walked(ids, length).of(model, rounding, done -> {}).perplexity().meanLoss());
      }
    }
  }

  private static BlockwiseEvaluation walked(int[] ids, int length) {
    return new BlockwiseEvaluation(ids, length, 0, ActivationStore.heap());
  }

  @Test
  void aWalkedModelIsComparedAsOneInMemory() {
    try (Checkpoint source = TinyModel.open()) {
      Decoder model = Architectures.load(source);
      int[] ids = TinyModel.data(12, 64).ids(0, 12);
      UnaryOperator<Unit> rounding = unit -> unit.mapWeights(QualityTest::packed);
      for (int length : new int[] {2, 100, 129, 300}) {
        try (BlockwiseEvaluation walk = walked(ids, length)) {
          assertTrue(walk.of(model, u -> u, done -> {}).comparison().isEmpty());
          Perplexity original = walk.reference(model, done -> {});
          assertEquals(unsplit(model, ids, length), original.meanLoss());
          LogitComparison itself = walk.of(model, u -> u, done -> {}).comparison().orElseThrow();
          assertEquals(0, itself.klDivergence(), 1e-12);
          assertEquals(1, itself.topAgreement());
          LogitComparison found = walk.of(model, rounding, done -> {}).comparison().orElseThrow();
          walk.rest();
          assertTrue(walk.of(model, rounding, done -> {}).comparison().isEmpty());
          walk.resume(model);
          assertEquals(found, walk.of(model, rounding, done -> {}).comparison().orElseThrow());
          LogitComparison expected =
              LogitComparison.of(
                  model,
                  model.mapWeights(QualityTest::packed),
                  ids,
                  length,
                  0,
                  WindowListener.SILENT);
          assertTrue(found.klDivergence() > 0);
          assertEquals(expected.klDivergence(), found.klDivergence(), 1e-9);
          assertEquals(expected.klStandardError(), found.klStandardError(), 1e-9);
          assertEquals(expected.topAgreement(), found.topAgreement());
          assertEquals(expected.positions(), found.positions());
        }
      }
    }
  }

  @Test
  void standardErrorsComeFromHowWindowsDiffer() {
    Decoder model = TinyModel.load();
    int[] ids = ids();
    double[] losses = new double[4];
    double mean = 0;
    for (int w = 0; w < 4; w++) {
      int[] window = Arrays.copyOfRange(ids, w * LENGTH, (w + 1) * LENGTH);
      losses[w] = Perplexity.of(model, window, LENGTH, 0, WindowListener.SILENT).meanLoss();
      mean += losses[w] / 4;
    }
    double squares = 0;
    for (double loss : losses) {
      squares += (loss - mean) * (loss - mean);
    }
    Perplexity p = Perplexity.of(model, ids, LENGTH, 0, WindowListener.SILENT);
    assertEquals(p.value() * Math.sqrt(squares / 3 / 4), p.standardError(), 1e-9);
    Perplexity one = Perplexity.of(model, ids, LENGTH, 1, WindowListener.SILENT);
    assertTrue(Double.isNaN(one.standardError()));
  }

  private static Weight packed(String name, Weight weight) {
    LinearLayer layer =
        new LinearLayer(name, ((DenseWeight) weight).matrix(), new IntegerGrid(4, 32, false));
    return new PackedWeight(
        RoundToNearest.quantize(layer), Backends.chosen(), ActivationPrecision.FLOAT);
  }

  /** By the definition: logits of whole windows at once. */
  private static double unsplit(Decoder model, int[] ids, int length) {
    double sum = 0;
    long tokens = 0;
    for (int at = 0; at + length <= ids.length; at += length) {
      int[] window = Arrays.copyOfRange(ids, at, at + length);
      Tape tape = Tape.off();
      Tensor logits = model.forward(window, BlockContext.of(1, length), tape);
      CrossEntropy loss =
          new CrossEntropy(logits.reshape(length, logits.dim(-1)), Windows.targets(window));
      loss.forward(tape);
      sum += loss.sum();
      tokens += loss.counted();
    }
    return sum / tokens;
  }

  @Test
  void aModelAgreesWithItselfAndLessWithAnother() {
    Decoder model = TinyModel.load();
    LogitComparison same =
        LogitComparison.of(model, model, ids(), LENGTH, 0, WindowListener.SILENT);
    assertEquals(0, same.maxAbsDifference());
    assertEquals(0, same.klDivergence(), 1e-12);
    assertEquals(1, same.topAgreement());
    assertEquals(64, same.positions());
    Decoder other =
        model.mapWeights(
            (name, w) -> {
              Tensor half = ((DenseWeight) w).matrix().copy();
              for (int i = 0; i < half.size(); i++) {
                half.data()[i] *= 0.5f;
              }
              return new DenseWeight(half);
            });
    LogitComparison far = LogitComparison.of(model, other, ids(), LENGTH, 0, WindowListener.SILENT);
    assertTrue(far.maxAbsDifference() > 0);
    assertTrue(far.klDivergence() > 0);
    assertTrue(far.topAgreement() < 1);
  }
}

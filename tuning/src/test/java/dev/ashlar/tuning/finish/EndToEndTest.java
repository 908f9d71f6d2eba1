package dev.ashlar.tuning.finish;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.Workspace;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.quant.ActivationScheme;
import dev.ashlar.tensor.quant.ActivationScheme.Element;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.TinyModel;
import dev.ashlar.tuning.calibration.BatchOrder;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.layerwise.RoundToNearest;
import dev.ashlar.tuning.method.FinishResult;
import dev.ashlar.tuning.method.FinishTask;
import dev.ashlar.tuning.method.LinearLayer;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.method.UnitResult;
import dev.ashlar.tuning.train.AdamW;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class EndToEndTest {
  private static final IntegerGrid W2 = new IntegerGrid(2, 16, false);

  private static Tensor random(Random random, int rows, int columns) {
    Tensor x = Tensor.zeros(rows, columns);
    for (int i = 0; i < x.size(); i++) {
      x.data()[i] = (float) random.nextGaussian();
    }
    return x;
  }

  @Test
  void lossIsItsDefinitionAndItsGradientThatOfDifferences() {
    Random random = new Random(1);
    Tensor logits = random(random, 3, 11);
    Tensor teacher = random(random, 3, 11);
    int[] next = {4, DistillationLoss.NOTHING, 0};
    for (double labels : new double[] {0, 0.3, 1}) {
      Tape tape = Tape.recording(Backends.chosen());
      tape.watch(logits);
      DistillationLoss loss = new DistillationLoss(logits, teacher, next, labels);
      Gradients g = tape.backward(tape.apply(loss), 0.5f);
      assertEquals(naive(logits, teacher, next, labels), loss.sums().loss(), 1e-5);
      assertEquals(naive(logits, teacher, next, 0), loss.sums().divergence(), 1e-5);
      for (int i = 0; i < logits.size(); i++) {
        Tensor up = logits.copy();
        up.data()[i] += 1e-2f;
        Tensor down = logits.copy();
        down.data()[i] -= 1e-2f;
        double slope =
            (naive(up, teacher, next, labels) - naive(down, teacher, next, labels)) / 2e-2;
        assertEquals(0.5 * slope, g.of(logits).data()[i], 1e-4);
      }
    }
  }

  private static double naive(Tensor logits, Tensor teacher, int[] next, double labels) {
    double sum = 0;
    for (int r = 0; r < logits.rows(); r++) {
      double[] q = softmax(logits, r);
      double[] p = softmax(teacher, r);
      double divergence = 0;
      for (int i = 0; i < q.length; i++) {
        divergence += p[i] * Math.log(p[i] / q[i]);
      }
      sum += next[r] < 0 ? divergence : (1 - labels) * divergence - labels * Math.log(q[next[r]]);
    }
    return sum;
  }

  private static double[] softmax(Tensor x, int row) {
    int n = x.dim(1);
    double[] e = new double[n];
    double sum = 0;
    for (int i = 0; i < n; i++) {
      e[i] = Math.exp(x.data()[row * n + i]);
      sum += e[i];
    }
    for (int i = 0; i < n; i++) {
      e[i] /= sum;
    }
    return e;
  }

  @Test
  void adamIsItsAlgorithm() {
    Tensor x = Tensor.of(new float[] {1, -2}, 2);
    AdamW adam = new AdamW(List.of(x), 0, TunedTensor.EPSILON);
    double[] expected = {1, -2};
    double[] m = new double[2];
    double[] v = new double[2];
    for (int t = 1; t <= 5; t++) {
      float[] g = {0.3f * t, -1f / t};
      adam.step(List.of(Tensor.of(g, 2)), 0.01f, 1);
      for (int i = 0; i < 2; i++) {
        m[i] = 0.9 * m[i] + 0.1 * g[i];
        v[i] = 0.95 * v[i] + 0.05 * g[i] * g[i];
        double first = m[i] / (1 - Math.pow(0.9, t));
        expected[i] -= 0.01 * first / Math.sqrt(v[i] / (1 - Math.pow(0.95, t)));
        assertEquals(expected[i], x.data()[i], 1e-5);
      }
    }
  }

  /** The first step of Adam is as long as the rate, against the sign of the gradient. */
  @Test
  void scalesStepAgainstTheSlopeOfTheLoss() {
    Random random = new Random(2);
    IntegerGrid grid = new IntegerGrid(3, 8, false, DType.F32);
    QuantizedMatrix q = RoundToNearest.quantize(new LinearLayer("w", random(random, 4, 20), grid));
    Tensor x = random(random, 5, 20);
    Tensor d = random(random, 5, 4);
    CodedWeight weight = new CodedWeight(q);
    Workspace buffers = new Workspace();
    weight.build(buffers);
    Tape tape = Tape.recording(Backends.chosen());
    weight.watch(tape, buffers);
    assertArrayEquals(product(x, q), weight.multiply(x, tape).data(), 1e-4f);
    Tensor y = weight.multiply(x, tape);
    weight.step(tape.backward(y, d), 1e-3f);
    float[] before = q.zeroPoints().scales();
    float[] after = weight.result().zeroPoints().scales();
    for (int at = 0; at < before.length; at++) {
      double slope = 0;
      for (int o = at / 3; o <= at / 3; o++) {
        for (int k = at % 3 * 8; k < Math.min(20, at % 3 * 8 + 8); k++) {
          double code = q.dequantize().data()[o * 20 + k] / before[at];
          for (int r = 0; r < 5; r++) {
            slope += code * x.data()[r * 20 + k] * d.data()[r * 4 + o];
          }
        }
      }
      assertEquals(before[at] * (1 - 1e-3 * Math.signum(slope)), after[at], 1e-6 * before[at]);
    }
  }

  private static float[] product(Tensor x, QuantizedMatrix q) {
    Tensor w = q.dequantize();
    float[] y = new float[x.dim(0) * w.dim(0)];
    for (int r = 0; r < x.dim(0); r++) {
      for (int o = 0; o < w.dim(0); o++) {
        double sum = 0;
        for (int k = 0; k < w.dim(1); k++) {
          sum += (double) x.data()[r * w.dim(1) + k] * w.data()[o * w.dim(1) + k];
        }
        y[r * w.dim(0) + o] = (float) sum;
      }
    }
    return y;
  }

  private static FinishTask task(List<Double> losses) {
    return task(losses, W2);
  }

  private static FinishTask task(List<Double> losses, IntegerGrid grid) {
    Decoder model = TinyModel.load();
    CalibrationSet data = TinyModel.data(16, 12);
    List<FinishTask.Part> parts = new ArrayList<>();
    for (int i = 0; i < model.blockCount(); i++) {
      Unit unit = Unit.of(List.of(model.block(i)));
      Map<String, QuantizedMatrix> layers = new LinkedHashMap<>();
      unit.tensors()
          .forEach(
              (name, t) -> {
                if (name.endsWith("_proj.weight")) {
                  String module = name.substring(0, name.length() - ".weight".length());
                  layers.put(module, RoundToNearest.quantize(new LinearLayer(module, t, grid)));
                }
              });
      assertEquals(7, layers.size());
      parts.add(new FinishTask.Part(false, () -> unit, UnitResult.of(layers)));
    }
    List<int[]> samples = new ArrayList<>();
    for (int i = 0; i < data.count(); i++) {
      samples.add(data.sample(i));
    }
    return new FinishTask(model, parts, samples, 4, 4, 1, (i, n, loss) -> losses.add(loss));
  }

  private static EndToEndOptions options(int steps, double rate) {
    return new EndToEndOptions(steps, rate, rate, 4, 4, 0);
  }

  @Test
  void tuningLowersTheDivergenceAndChangesScalesAndNormsOnly() {
    List<Double> losses = new ArrayList<>();
    FinishTask task = task(losses);
    FinishResult result = new EndToEnd(options(40, 5e-3)).run(task);
    assertEquals(40, losses.size());
    Map<String, Double> figures = result.rest().figures();
    assertTrue(figures.get("held-out KL after") < figures.get("held-out KL before"));
    assertEquals(List.of("model.norm.weight"), List.copyOf(result.rest().tensors().keySet()));
    for (int i = 0; i < task.parts().size(); i++) {
      UnitResult before = task.parts().get(i).result();
      UnitResult after = result.parts().get(i);
      assertEquals(before.layers().keySet(), after.layers().keySet());
      before
          .layers()
          .forEach(
              (name, q) -> {
                QuantizedMatrix tuned = after.layers().get(name);
                assertSame(q.codes().values(), tuned.codes().values());
                assertSame(q.zeroPoints().zeros(), tuned.zeroPoints().zeros());
                for (float s : tuned.zeroPoints().scales()) {
                  assertTrue(s == W2.roundScale(s) || Math.abs(s) == W2.scaleFloor());
                }
              });
      assertEquals(2, after.tensors().size());
    }
  }

  /** Samples that no step asks for are left out, and each step sees what it would see of all. */
  @Test
  void onlyWhatStepsSeeIsDrawn() {
    FinishTask task = task(new ArrayList<>());
    List<int[]> fresh = new ArrayList<>();
    for (int i = 0; i < 23; i++) {
      fresh.add(new int[] {i});
    }
    for (int steps : new int[] {1, 3, 4, 5, 9}) {
      Drawn drawn = Drawn.of(20, options(steps, 1), task);
      List<int[]> samples = drawn.samples(fresh, 3);
      assertEquals(Math.min(20, 4 * steps) + 3, samples.size());
      assertSame(fresh.get(20), samples.get(samples.size() - 3));
      BatchOrder order = drawn.order();
      BatchOrder all = BatchOrder.shuffled(20, 4, task.seed());
      for (int i = 0; i < steps; i++) {
        int[] rows = order.next();
        int[] expected = all.next();
        for (int j = 0; j < 4; j++) {
          assertSame(fresh.get(expected[j]), samples.get(rows[j]));
        }
      }
    }
  }

  @Test
  void aStepLowersTheLossOfItsOwnBatch() {
    List<Double> losses = new ArrayList<>();
    FinishTask all = task(losses);
    // One batch is all there is beside the held-out samples.
    FinishTask task =
        new FinishTask(
            all.model(), all.parts(), all.samples().subList(0, 8), 0, 4, 1, all.listener());
    new EndToEnd(options(3, 1e-3)).run(task);
    assertTrue(losses.get(1) < losses.get(0), losses.toString());
    assertTrue(losses.get(2) < losses.get(1), losses.toString());
  }

  /** Memory decides how long a step takes, and nothing else. */
  @Test
  void memoryToSpareChangesNoBit() {
    List<Double> losses = new ArrayList<>();
    FinishResult without = new EndToEnd(options(3, 5e-3)).run(task(losses));
    assertEquals(3, losses.size());
    for (long spare : new long[] {500_000, Long.MAX_VALUE}) {
      List<Double> others = new ArrayList<>();
      FinishTask t = task(others);
      FinishResult with =
          new EndToEnd(options(3, 5e-3))
              .run(
                  new FinishTask(
                      t.model(),
                      t.parts(),
                      t.samples(),
                      t.streamed(),
                      t.batchSize(),
                      t.seed(),
                      t.listener(),
                      t.limit(),
                      spare));
      assertEquals(losses, others);
      assertEquals(without.rest().figures(), with.rest().figures());
      for (int i = 0; i < t.parts().size(); i++) {
        Map<String, QuantizedMatrix> tuned = with.parts().get(i).layers();
        without
            .parts()
            .get(i)
            .layers()
            .forEach(
                (name, q) ->
                    assertArrayEquals(
                        q.zeroPoints().scales(), tuned.get(name).zeroPoints().scales()));
      }
    }
  }

  @Test
  void whatDoesNotHelpIsNotKept() {
    FinishTask task = task(new ArrayList<>());
    FinishResult result = new EndToEnd(options(4, 3)).run(task);
    for (int i = 0; i < task.parts().size(); i++) {
      assertSame(task.parts().get(i).result(), result.parts().get(i));
    }
    assertTrue(result.rest().tensors().isEmpty());
    assertFalse(result.rest().figures().isEmpty());
  }

  /** A share of the text's tokens is learned and reported, and decides with the rest. */
  @Test
  void labelsLowerTheLossOnTheText() {
    List<Double> losses = new ArrayList<>();
    FinishTask all = task(losses);
    FinishTask task =
        new FinishTask(
            all.model(), all.parts(), all.samples().subList(0, 8), 0, 4, 1, all.listener());
    FinishResult mixed = new EndToEnd(new EndToEndOptions(3, 1e-3, 1e-3, 4, 4, 0.5)).run(task);
    List<Double> mixedLosses = List.copyOf(losses);
    losses.clear();
    FinishResult plain = new EndToEnd(options(3, 1e-3)).run(task);
    assertTrue(mixedLosses.get(2) < mixedLosses.get(0), mixedLosses.toString());
    assertTrue(mixedLosses.get(0) > losses.get(0), "labels count");
    assertEquals(divergence(plain), divergence(mixed));
    assertTrue(mixed.rest().figures().containsKey("held-out loss after"));
    assertFalse(plain.rest().figures().containsKey("held-out loss after"));
  }

  /** What is tuned is the model that rounds its inputs, as it will be used. */
  @Test
  void roundedInputsAreRoundedHereToo() {
    ActivationScheme coarse = new ActivationScheme(new Element.Integers(3, true), -1, true);
    FinishTask task = task(new ArrayList<>(), W2.withActivations(Optional.of(coarse)));
    FinishResult result = new EndToEnd(options(1, 1e-9)).run(task);
    double plain = divergence(new EndToEnd(options(1, 1e-9)).run(task(new ArrayList<>())));
    assertTrue(divergence(result) > 1.02 * plain, divergence(result) + " and " + plain);
    result
        .parts()
        .forEach(
            part ->
                part.layers().values().forEach(q -> assertEquals(Optional.of(coarse), q.inputs())));
  }

  private static double divergence(FinishResult result) {
    return result.rest().figures().get("held-out KL before");
  }

  @Test
  void threadsChangeNothing() {
    FinishResult one =
        Parallel.limited(1, () -> new EndToEnd(options(3, 1e-2)).run(task(new ArrayList<>())));
    FinishResult three =
        Parallel.limited(3, () -> new EndToEnd(options(3, 1e-2)).run(task(new ArrayList<>())));
    for (int i = 0; i < one.parts().size(); i++) {
      Map<String, QuantizedMatrix> other = three.parts().get(i).layers();
      one.parts()
          .get(i)
          .layers()
          .forEach(
              (name, q) ->
                  assertArrayEquals(
                      q.zeroPoints().scales(), other.get(name).zeroPoints().scales(), name));
    }
  }
}

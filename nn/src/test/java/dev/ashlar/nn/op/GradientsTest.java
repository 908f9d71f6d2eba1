package dev.ashlar.nn.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Op;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.op.Add;
import dev.ashlar.tensor.autograd.op.Attend;
import dev.ashlar.tensor.kernel.AttentionKernel;
import dev.ashlar.tensor.kernel.AttentionRanges;
import dev.ashlar.tensor.kernel.Backends;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Every operation's vector-Jacobian product against central differences of its forward. */
class GradientsTest {
  private static final long SEED = 20;
  private static final float STEP = 1e-2f;

  private final SplittableRandom random = new SplittableRandom(SEED);

  @TestFactory
  Stream<DynamicTest> operations() {
    Tensor x = tensor(5, 12);
    Tensor other = tensor(5, 4);
    Tensor w = tensor(12);
    Tensor s = tensor(5);
    Tensor logits = tensor(5, 6);
    Tensor[] attention = {tensor(2, 5, 8), tensor(2, 5, 4), tensor(2, 5, 6), tensor(4)};
    List<Combine.Part> parts =
        List.of(
            new Combine.Part(1, tensor(2, 3), new int[] {0, 4}),
            new Combine.Part(4, tensor(3, 3), new int[] {0, 1, 2}));
    return Stream.of(
        check("shift", () -> new Shift(x, 1)),
        check("select chunks", () -> new SelectChunks(x, 3, new int[] {2, 0})),
        check("select columns", () -> new SelectColumns(x, new int[] {3, 3, 11, 0})),
        check("concat columns", () -> new ConcatColumns(List.of(x, other))),
        check("gather rows", () -> new GatherRows(x, new int[] {4, 0, 4})),
        check("clip", () -> new Clip(x, 0.8f)),
        check("softcap", () -> new Softcap(x, 0.7f)),
        check("scale rows", () -> new ScaleRows(x, s)),
        check("scale columns", () -> new ScaleColumns(x, w)),
        check("clamped gate", () -> new ClampedGate(x, 1.7f, 0.9f)),
        check("combine", () -> new Combine(parts, logits, 3)),
        check("softmax route", () -> route(logits, Route.Score.SOFTMAX, false)),
        check("normalized softmax route", () -> route(logits, Route.Score.SOFTMAX, true)),
        check("sigmoid route", () -> route(logits, Route.Score.SIGMOID, false)),
        check("normalized sigmoid route", () -> route(logits, Route.Score.SIGMOID, true)),
        check("sparse mix", () -> new SparseMix(spread(), 0.05)),
        check(
            "sinks",
            () ->
                new AttendWithSinks(
                    spec(),
                    attention[0],
                    Attend.Sources.dense(spec(), attention[1], attention[2]),
                    attention[3])));
  }

  /** Two query heads to each key head, values wider than keys, a window and padding. */
  private static AttentionKernel.Spec spec() {
    return new AttentionKernel.Spec(
        AttentionRanges.dense(2, 5, 5, new int[] {0, 2}), 4, 2, 2, 3, 0.7f, 3, 0, null);
  }

  /** Always experts 1 and 4: what differences see must not change the choice. */
  private static Route route(Tensor logits, Route.Score score, boolean normalize) {
    Route.Choice choice =
        (scores, chosen) -> {
          chosen[1] = true;
          chosen[4] = true;
        };
    return new Route(logits, score, choice, normalize, 1.5f);
  }

  /** Logits whose order and closeness the steps do not change. */
  private static Tensor spread() {
    return Tensor.of(new float[] {2.0f, 1.9f, 1.0f, -3f, 0.2f, 0.5f, 4f, 3.8f}, 2, 4);
  }

  private Tensor tensor(long... dims) {
    Tensor t = Tensor.zeros(dims);
    for (int i = 0; i < t.size(); i++) {
      // Kept off the bounds of the clamping operations by more than a step.
      float v;
      do {
        v = (float) (random.nextDouble() * 4 - 2);
      } while (Math.abs(Math.abs(v) - 0.8f) < 2 * STEP || Math.abs(Math.abs(v) - 0.9f) < 2 * STEP);
      t.data()[i] = v;
    }
    return t;
  }

  private DynamicTest check(String name, Supplier<Op> op) {
    return dynamicTest(name + ", seed " + SEED, () -> compare(op));
  }

  private void compare(Supplier<Op> make) {
    List<Tensor> inputs = make.get().inputs();
    // The same tensors each time: suppliers that make their own would not see the steps.
    Supplier<Op> op = inputs.equals(make.get().inputs()) ? make : fixed(make.get());
    List<Tensor> watched = op.get().inputs();
    Tape tape = Tape.recording(Backends.reference());
    watched.forEach(tape::watch);
    Tensor y = tape.apply(op.get());
    Tensor dy = tensor(y.shape().toArray());
    Gradients g = tape.backward(y, dy);
    for (Tensor x : watched) {
      Tensor d = g.of(x);
      for (int i = 0; i < x.size(); i++) {
        float at = x.data()[i];
        x.data()[i] = at + STEP;
        double up = dot(op, dy);
        x.data()[i] = at - STEP;
        double down = dot(op, dy);
        x.data()[i] = at;
        double expected = (up - down) / (2.0 * STEP);
        double found = d == null ? 0 : d.data()[i];
        assertEquals(expected, found, 3e-3 * Math.max(1, Math.abs(expected)), x + " " + i);
      }
    }
  }

  private static Supplier<Op> fixed(Op op) {
    return () -> op;
  }

  private static double dot(Supplier<Op> op, Tensor dy) {
    Tensor y = op.get().forward(Tape.off(Backends.reference()));
    double sum = 0;
    for (int i = 0; i < y.size(); i++) {
      sum += (double) y.data()[i] * dy.data()[i];
    }
    return sum;
  }

  @TestFactory
  Stream<DynamicTest> accumulation() {
    Tensor x = tensor(3, 4);
    Tensor w = tensor(4);
    return Stream.of(
            new ScaleColumns(x, w),
            new SelectChunks(x, 2, new int[] {1}),
            new SelectColumns(x, new int[] {0, 2}),
            new GatherRows(x, new int[] {2, 0}),
            new Clip(x, 0.8f),
            new Softcap(x, 1),
            new Shift(x, 2),
            new ClampedGate(x, 1, 0.9f))
        .map(op -> dynamicTest(op.getClass().getSimpleName(), () -> addsUp(op)));
  }

  /** Used twice, an operation's gradient is twice as large. */
  private static void addsUp(Op op) {
    Tensor once = gradient(op, 1);
    Tensor twice = gradient(op, 2);
    for (int i = 0; i < once.size(); i++) {
      assertEquals(2 * once.data()[i], twice.data()[i], 1e-5 + 1e-5 * Math.abs(once.data()[i]));
    }
  }

  private static Tensor gradient(Op op, int times) {
    Tape tape = Tape.recording(Backends.reference());
    Tensor x = op.inputs().getFirst();
    tape.watch(x);
    Tensor y = tape.apply(op);
    for (int i = 1; i < times; i++) {
      y = tape.apply(new Add(y, tape.apply(op)));
    }
    Tensor ones = Tensor.zeros(y.shape());
    Arrays.fill(ones.data(), 1);
    return tape.backward(y, ones).of(x).copy();
  }
}

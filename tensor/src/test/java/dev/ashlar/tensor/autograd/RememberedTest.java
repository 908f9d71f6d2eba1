package dev.ashlar.tensor.autograd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.op.Activate;
import dev.ashlar.tensor.autograd.op.Add;
import dev.ashlar.tensor.autograd.op.AddLowRank;
import dev.ashlar.tensor.autograd.op.Attend;
import dev.ashlar.tensor.autograd.op.MatMul;
import dev.ashlar.tensor.kernel.ActivationKernel;
import dev.ashlar.tensor.kernel.AttentionKernel;
import dev.ashlar.tensor.kernel.AttentionRanges;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A second way forward over remembered results has the bits of the first. */
class RememberedTest {
  private static final int ROWS = 5;
  private static final int DIM = 8;

  private final Random random = new Random(3);
  private final Tensor x = random(ROWS, DIM);
  private final Tensor w = random(DIM, DIM);
  private final Tensor down = random(2, DIM);
  private final Tensor up = random(DIM, 2);

  private Tensor random(long... dims) {
    Tensor t = Tensor.zeros(dims);
    for (int i = 0; i < t.size(); i++) {
      t.data()[i] = (float) random.nextGaussian();
    }
    return t;
  }

  private Tensor forward(Tape tape) {
    for (Tensor t : List.of(x, w, down, up)) {
      tape.watch(t);
    }
    Tensor y = tape.apply(new MatMul(x, w));
    Tensor sum = tape.apply(new AddLowRank(y, tape.apply(new MatMul(x, down)), up));
    Tensor bent = tape.apply(new Activate(ActivationKernel.Function.SILU, sum));
    AttentionKernel.Spec spec =
        new AttentionKernel.Spec(
            AttentionRanges.dense(1, ROWS, ROWS, null), 1, 1, DIM, DIM, 0.4f, 0, 0, null);
    return tape.apply(new Add(x, tape.apply(new Attend(spec, bent, bent, sum))));
  }

  private List<float[]> back(Tape tape, Tensor out) {
    Tensor d = Tensor.zeros(out.shape());
    for (int i = 0; i < d.size(); i++) {
      d.data()[i] = 1 + i % 3;
    }
    Gradients g = tape.backward(out, d);
    return List.of(x, w, down, up).stream().map(t -> g.of(t).copy().data()).toList();
  }

  @Test
  void theSecondWayHasTheBitsOfTheFirst() {
    Tape plain = Tape.recording();
    Tensor expected = forward(plain);
    List<float[]> gradients = back(plain, expected);

    Workspace buffers = new Workspace();
    Tape tape = Tape.recording(plain.backend(), buffers.beside());
    Remembered results = new Remembered(buffers.beside());
    tape.remember(results);
    assertArrayEquals(expected.copy().data(), forward(tape).copy().data());
    tape.reset();
    // Two products, one of them with the low rank's in its buffer, and attention with its sums.
    assertEquals(Float.BYTES * (2 * ROWS * DIM + ROWS * 2 + ROWS), results.bytes());
    // Whatever is not remembered was given back.
    for (int i = 0; i < 20; i++) {
      tape.workspace().take(ROWS, DIM).data()[0] = Float.NaN;
    }
    tape.reset();
    tape.remember(results);
    results.rewind();
    Tensor again = forward(tape);
    assertArrayEquals(expected.copy().data(), again.copy().data());
    List<float[]> found = back(tape, again);
    for (int i = 0; i < found.size(); i++) {
      assertArrayEquals(gradients.get(i), found.get(i));
    }
    results.forget();
    assertEquals(0, results.bytes());
  }

  @Test
  void theLowRankIsWhatASumOfTwoProductsIs() {
    Tape apart = Tape.recording();
    for (Tensor t : List.of(x, w, down, up)) {
      apart.watch(t);
    }
    Tensor narrow = apart.apply(new MatMul(x, down));
    Tensor sum =
        apart.apply(new Add(apart.apply(new MatMul(x, w)), apart.apply(new MatMul(narrow, up))));
    Tape joined = Tape.recording();
    for (Tensor t : List.of(x, w, down, up)) {
      joined.watch(t);
    }
    Tensor same =
        joined.apply(
            new AddLowRank(joined.apply(new MatMul(x, w)), joined.apply(new MatMul(x, down)), up));
    assertArrayEquals(sum.copy().data(), same.copy().data());
    List<float[]> expected = back(apart, sum);
    List<float[]> found = back(joined, same);
    for (int i = 0; i < expected.size(); i++) {
      assertArrayEquals(expected.get(i), found.get(i));
    }
  }

  /** Gradients of what nobody watches are given back on the way. */
  @Test
  void gradientsPassedOnAreGivenBack() {
    Tape tape = Tape.recording();
    tape.watch(x);
    Tensor y = x;
    for (int i = 0; i < 50; i++) {
      y = tape.apply(new Activate(ActivationKernel.Function.SILU, y));
    }
    long before = tape.workspace().bytes();
    Gradients g = tape.backward(y, y.copy());
    assertTrue(g.of(x) != null);
    assertEquals(before + Float.BYTES * ROWS * DIM, tape.workspace().bytes());
  }
}

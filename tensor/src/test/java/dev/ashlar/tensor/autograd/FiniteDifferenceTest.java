package dev.ashlar.tensor.autograd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.op.Activate;
import dev.ashlar.tensor.autograd.op.Add;
import dev.ashlar.tensor.autograd.op.AddBias;
import dev.ashlar.tensor.autograd.op.Attend;
import dev.ashlar.tensor.autograd.op.CrossEntropy;
import dev.ashlar.tensor.autograd.op.Embed;
import dev.ashlar.tensor.autograd.op.Gate;
import dev.ashlar.tensor.autograd.op.LayerNormalize;
import dev.ashlar.tensor.autograd.op.MatMul;
import dev.ashlar.tensor.autograd.op.RmsNormalize;
import dev.ashlar.tensor.autograd.op.Rotate;
import dev.ashlar.tensor.autograd.op.Scale;
import dev.ashlar.tensor.autograd.op.Softmax;
import dev.ashlar.tensor.kernel.ActivationKernel;
import dev.ashlar.tensor.kernel.AttentionKernel;
import dev.ashlar.tensor.kernel.AttentionRanges;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Every operation's vector-Jacobian product against central differences of its forward, on every
 * backend. The forward's own rounding bounds what a difference quotient can show, hence the step
 * and the tolerance.
 */
class FiniteDifferenceTest {
  private static final float STEP = 1e-2f;
  private static final double TOLERANCE = 2e-2;

  private record Case(String name, Supplier<Op> op) {}

  private final List<Case> cases = new ArrayList<>();
  private final Random random = new Random(7);

  @TestFactory
  Stream<DynamicTest> everyOpOnEveryBackend() {
    declare();
    return Backends.all().stream()
        .flatMap(
            b ->
                cases.stream()
                    .map(
                        c ->
                            DynamicTest.dynamicTest(
                                c.name() + " on " + b.name(), () -> check(c.op().get(), b))));
  }

  private void declare() {
    add("matMul", () -> new MatMul(random(3, 5), random(4, 5)));
    add("matMul wide", () -> new MatMul(random(2, 3, 33), random(17, 33)));
    add("add", () -> new Add(random(3, 5), random(3, 5)));
    add("addBias", () -> new AddBias(random(3, 5), random(5)));
    add("scale", () -> new Scale(random(3, 5), -1.5f));
    add("rmsNormalize", () -> new RmsNormalize(random(3, 18), random(18), 1e-5f));
    add("rmsNormalize per head", () -> new RmsNormalize(random(3, 12), random(4), 1e-5f));
    add(
        "layerNormalize",
        () -> new LayerNormalize(random(3, 18), random(18), random(18), 18, 1e-5f));
    add("layerNormalize plain", () -> new LayerNormalize(random(3, 8), null, null, 8, 1e-5f));
    add("softmax", () -> new Softmax(random(3, 19)));
    for (ActivationKernel.Function f : ActivationKernel.Function.values()) {
      add("activate " + f, () -> new Activate(f, random(2, 21)));
      add("gate " + f, () -> new Gate(f, random(2, 21), random(2, 21)));
    }
    add("rotate half", () -> rotate(8, 8, false));
    add("rotate interleaved", () -> rotate(8, 8, true));
    add("rotate partial", () -> rotate(8, 4, false));
    add("embed", () -> new Embed(random(6, 5), new int[] {1, 4, 1, 0}));
    add("crossEntropy", () -> new CrossEntropy(random(4, 9), new int[] {3, -1, 8, 0}));
    add("attend", () -> attend(2, 5, 4, 2, 0, 0, false, null));
    add("attend window", () -> attend(1, 6, 2, 1, 3, 0, false, null));
    add("attend softcap", () -> attend(1, 5, 2, 2, 0, 1.5f, false, null));
    add("attend slopes", () -> attend(1, 5, 2, 2, 0, 0, true, null));
    add("attend padded", () -> attend(2, 5, 2, 1, 0, 0, false, new int[] {0, 2}));
  }

  private void add(String name, Supplier<Op> op) {
    cases.add(new Case(name, op));
  }

  private Tensor random(long... dims) {
    Tensor t = Tensor.zeros(dims);
    for (int i = 0; i < t.size(); i++) {
      // Away from zero: the kink of ReLU has no derivative to compare with.
      float x = (float) random.nextGaussian();
      t.data()[i] = Math.abs(x) < 0.05f ? 0.3f : x;
    }
    return t;
  }

  private Op rotate(int headDim, int rotaryDim, boolean interleaved) {
    int half = rotaryDim / 2;
    float[] cos = new float[6 * half];
    float[] sin = new float[6 * half];
    for (int i = 0; i < cos.length; i++) {
      cos[i] = (float) Math.cos(i * 0.7);
      sin[i] = (float) Math.sin(i * 0.7);
    }
    Rotate.Tables tables = new Rotate.Tables(cos, sin, rotaryDim, interleaved);
    return new Rotate(random(3, 2, headDim), tables, headDim, new int[] {0, 5, 2});
  }

  private Op attend(
      int batch,
      int length,
      int heads,
      int kvHeads,
      int window,
      float softcap,
      boolean slopes,
      int[] firstKey) {
    int dim = 6;
    AttentionKernel.Spec spec =
        new AttentionKernel.Spec(
            AttentionRanges.dense(batch, length, length, firstKey),
            heads,
            kvHeads,
            dim,
            dim,
            0.4f,
            window,
            softcap,
            slopes ? new float[] {0.5f, 0.25f} : null);
    return new Attend(
        spec,
        random(batch, length, heads * dim),
        random(batch, length, kvHeads * dim),
        random(batch, length, kvHeads * dim));
  }

  private void check(Op op, Backend backend) {
    Tape tape = Tape.recording(backend);
    op.inputs().forEach(tape::watch);
    Tensor y = tape.apply(op);
    Tensor dy = y.copy();
    for (int i = 0; i < dy.size(); i++) {
      dy.data()[i] = (float) random.nextGaussian();
    }
    Gradients g = tape.backward(y, dy);
    List<Tensor> gradients = new ArrayList<>();
    for (Tensor x : op.inputs()) {
      assertNotNull(g.of(x), "no gradient");
      gradients.add(g.of(x).copy());
    }
    for (int k = 0; k < gradients.size(); k++) {
      Tensor x = op.inputs().get(k);
      for (int i = 0; i < x.size(); i++) {
        double expected = difference(op, backend, x, i, dy);
        double found = gradients.get(k).data()[i];
        assertEquals(expected, found, TOLERANCE * Math.max(1, Math.abs(expected)), k + "/" + i);
      }
    }
  }

  private static double difference(Op op, Backend backend, Tensor x, int i, Tensor dy) {
    float kept = x.data()[i];
    x.data()[i] = kept + STEP;
    double above = weighted(op, backend, dy);
    x.data()[i] = kept - STEP;
    double below = weighted(op, backend, dy);
    x.data()[i] = kept;
    return (above - below) / (2 * STEP);
  }

  private static double weighted(Op op, Backend backend, Tensor dy) {
    Tensor y = Tape.off(backend).apply(op);
    double sum = 0;
    for (int i = 0; i < dy.size(); i++) {
      sum += (double) y.data()[i] * dy.data()[i];
    }
    return sum;
  }
}

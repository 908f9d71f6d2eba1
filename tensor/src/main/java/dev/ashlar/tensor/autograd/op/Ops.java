package dev.ashlar.tensor.autograd.op;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.ActivationKernel;

/** The operations as calls: {@code Ops.matMul(tape, x, w)}. */
public final class Ops {
  /** Elements below which another thread does not pay for elementwise work. */
  static final int ELEMENTWISE_GRAIN = 1 << 14;

  private Ops() {}

  /** Rows of {@code dim} floats that make one grain of elementwise work. */
  static int rowGrain(int dim) {
    return Math.max(1, ELEMENTWISE_GRAIN / Math.max(1, dim));
  }

  /** Adds {@code dy} to the gradient of {@code x}. */
  static void passThrough(Gradients g, Tensor x, Tensor dy) {
    g.add(
        x,
        (dx, add) ->
            Parallel.rows(
                dy.size(),
                ELEMENTWISE_GRAIN,
                (from, to) ->
                    g.backend()
                        .elementwise()
                        .copy(to - from, dy.data(), from, dx.data(), from, add)));
  }

  /** {@code x·wᵀ}; see {@link MatMul}. */
  public static Tensor matMul(Tape tape, Tensor x, Tensor w) {
    return tape.apply(new MatMul(x, w));
  }

  /** {@code a + b} of equal shapes; see {@link Add}. */
  public static Tensor add(Tape tape, Tensor a, Tensor b) {
    return tape.apply(new Add(a, b));
  }

  /** {@code s·x}; see {@link Scale}. */
  public static Tensor scale(Tape tape, Tensor x, float s) {
    return tape.apply(new Scale(x, s));
  }

  /** Softmax over the innermost extent; see {@link Softmax}. */
  public static Tensor softmax(Tape tape, Tensor x) {
    return tape.apply(new Softmax(x));
  }

  /** {@code f(gate)·up}. */
  public static Tensor gate(Tape tape, ActivationKernel.Function f, Tensor gate, Tensor up) {
    return tape.apply(new Gate(f, gate, up));
  }

  /** Rotary embedding of {@code x [rows, heads, headDim]}; see {@link Rotate}. */
  public static Tensor rotate(
      Tape tape, Tensor x, Rotate.Tables tables, int headDim, int[] positions) {
    return tape.apply(new Rotate(x, tables, headDim, positions));
  }

  /** Rows {@code ids} of {@code table [vocab, dim]}: {@code [ids, dim]}; see {@link Embed}. */
  public static Tensor embed(Tape tape, Tensor table, int[] ids) {
    return tape.apply(new Embed(table, ids));
  }
}

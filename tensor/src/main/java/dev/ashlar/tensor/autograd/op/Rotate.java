package dev.ashlar.tensor.autograd.op;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Op;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.RotaryKernel;
import java.util.List;

/**
 * Rotary position embedding (Su et al., arXiv 2104.09864) of x {@code [rows, heads, headDim]} (any
 * shape of that size).
 *
 * @param positions position of each row; must not change until the tape is reset
 */
public record Rotate(Tensor x, Tables tables, int headDim, int[] positions) implements Op {
  /**
   * Cosines and sines by position.
   *
   * @param cos {@code [positions, rotaryDim/2]}, scaled by the family's attention factor if any
   * @param sin likewise
   * @param rotaryDim leading elements of a head that turn
   * @param interleaved pairs {@code (2i, 2i+1)} instead of {@code (i, i + rotaryDim/2)}
   */
  public record Tables(float[] cos, float[] sin, int rotaryDim, boolean interleaved) {
    /** Positions that the tables cover. */
    public int length() {
      return cos.length / (rotaryDim / 2);
    }
  }

  @Override
  public List<Tensor> inputs() {
    return List.of(x);
  }

  @Override
  public Tensor forward(Tape tape) {
    Tensor y = tape.workspace().take(x.shape());
    run(tape.backend().rotary(), x.data(), y.data(), false, false);
    return y;
  }

  @Override
  public void backward(Tensor y, Tensor dy, Gradients g) {
    g.add(x, (dx, add) -> run(g.backend().rotary(), dy.data(), dx.data(), true, add));
  }

  private void run(RotaryKernel kernel, float[] from, float[] to, boolean inverse, boolean add) {
    int rows = positions.length;
    int heads = x.size() / rows / headDim;
    Parallel.rows(
        rows,
        Ops.rowGrain(heads * headDim),
        (r0, r1) ->
            kernel.rotate(
                r0,
                r1,
                heads,
                headDim,
                tables.rotaryDim(),
                tables.interleaved(),
                positions,
                tables.cos(),
                tables.sin(),
                inverse,
                from,
                to,
                add));
  }
}

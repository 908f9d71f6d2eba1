package dev.ashlar.tuning.layerwise.solver;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.MatMulKernel;

/**
 * Gathers {@code Σ = Σ_t x_t x_tᵀ [in, in]} of all tokens that flow into a layer.
 *
 * <p>Products of up to 1024 tokens are summed in float by the backend, these in double; only one
 * triangle is computed. The bits depend on how the tokens come (in which batches), not on the
 * number of threads.
 */
public final class SecondMoments {
  /** Tokens that are summed in float. */
  private static final int CHUNK = 1024;

  /** Rows of Σ in one product: what is computed above the diagonal is thrown away. */
  private static final int STRIP = 192;

  private static final int GRAIN = 1 << 14;

  private final MatMulKernel kernel;
  private final Symmetric sum;
  private final float[] strip;
  private long tokens;
  private long sequences;

  /**
   * @param in width of the inputs
   */
  public SecondMoments(int in, Backend backend) {
    this.kernel = backend.matMul();
    this.sum = new Symmetric(in);
    this.strip = new float[Math.multiplyExact(Math.min(STRIP, in), in)];
  }

  /**
   * Adds the tokens of a batch.
   *
   * @param x {@code [.., in]}; read only. Of {@code [batch, length, in]} each sample counts as a
   *     sequence, any other shape as one
   */
  public void add(Tensor x) {
    int in = sum.dim();
    if (x.dim(-1) != in) {
      throw new IllegalArgumentException("inputs of " + x.dim(-1) + " in moments of " + in);
    }
    int rows = x.size() / in;
    for (int first = 0; first < rows; first += CHUNK) {
      for (int i = 0; i < in; i += STRIP) {
        add(x.data(), first, Math.min(CHUNK, rows - first), i, Math.min(STRIP, in - i));
      }
    }
    tokens += rows;
    if (rows > 0) {
      sequences += x.shape().rank() == 3 ? x.dim(0) : 1;
    }
  }

  private void add(float[] x, int first, int count, int from, int rows) {
    int in = sum.dim();
    int at = first * in;
    int columns = from + rows;
    kernel.xtw(rows, columns, count, x, at + from, in, x, at, in, strip, 0, columns, false);
    Parallel.rows(
        rows,
        Math.max(1, GRAIN / columns),
        (a, b) -> {
          for (int r = a; r < b; r++) {
            double[] to = sum.rows()[from + r];
            for (int j = 0; j < to.length; j++) {
              to[j] += strip[r * columns + j];
            }
          }
        });
  }

  /** The sum so far, live. */
  public Symmetric sum() {
    return sum;
  }

  /** Tokens so far. */
  public long tokens() {
    return tokens;
  }

  /** Sequences so far. */
  public long sequences() {
    return sequences;
  }

  /** Σ·2/sequences, as GPTQ normalises it (arXiv 2210.17323; AutoGPTQ's {@code add_batch}). */
  public Symmetric normalised() {
    return sum.scaled(2.0 / Math.max(1, sequences));
  }
}

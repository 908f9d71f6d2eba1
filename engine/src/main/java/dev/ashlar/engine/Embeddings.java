package dev.ashlar.engine;

import dev.ashlar.io.InputException;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;

/** Makes one vector of a text's hidden states. */
final class Embeddings {
  private final Decoder decoder;
  private final int contextLength;
  private final EmbeddingOptions how;

  Embeddings(Decoder decoder, int contextLength, EmbeddingOptions how) {
    this.decoder = decoder;
    this.contextLength = contextLength;
    this.how = how;
  }

  /**
   * The vector {@code [dim]} of a text.
   *
   * @throws InputException if there are no tokens, or more than fit the model
   */
  float[] of(int[] ids) {
    if (ids.length == 0 || ids.length > contextLength) {
      throw new InputException(
          ids.length == 0
              ? "an empty text has no embedding"
              : "the text has " + ids.length + " tokens and the model takes " + contextLength);
    }
    Tape tape = Tape.off(decoder.backend());
    Tensor hidden =
        decoder.finalNorm(decoder.hidden(ids, BlockContext.of(1, ids.length), tape), tape);
    int first = how.pooling() == EmbeddingOptions.Pooling.LAST ? ids.length - 1 : 0;
    double[] mean = mean(hidden.data(), first, ids.length, hidden.dim(-1));
    double size = 0;
    for (double x : mean) {
      size += x * x;
    }
    // A vector of zeros has no direction and stays what it is.
    double scale = how.normalized() && size > 0 ? 1 / Math.sqrt(size) : 1;
    float[] vector = new float[mean.length];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) (mean[i] * scale);
    }
    return vector;
  }

  /** The mean of rows {@code [from, to)} of {@code [rows, dim]}. */
  private static double[] mean(float[] rows, int from, int to, int dim) {
    double[] sum = new double[dim];
    for (int r = from; r < to; r++) {
      for (int i = 0; i < dim; i++) {
        sum[i] += rows[r * dim + i];
      }
    }
    for (int i = 0; i < dim; i++) {
      sum[i] /= to - from;
    }
    return sum;
  }
}

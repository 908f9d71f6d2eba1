package dev.ashlar.engine;

import dev.ashlar.io.InputException;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.generate.NotFiniteException;
import dev.ashlar.nn.runner.Runner;
import dev.ashlar.nn.runner.Runner.Part;
import dev.ashlar.nn.runner.SequenceCache;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kv.KvPrecision;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes one vector of each text's hidden states. Texts run in batches where that changes no bit of
 * the result: products of few rows, as short texts and the tokens of one expert are, may be summed
 * in another order.
 */
final class Embeddings {
  /** Tokens from which products are summed in the same order, however many more rows there are. */
  private static final int LEAST = 16;

  /** Tokens of a batch: products are at full speed, and what caches hold is little. */
  private static final int MOST = 512;

  private final Decoder decoder;
  private final int contextLength;
  private final EmbeddingOptions how;
  private final Runner runner;
  private final boolean experts;

  Embeddings(Decoder decoder, int contextLength, EmbeddingOptions how) {
    this.decoder = decoder;
    this.contextLength = contextLength;
    this.how = how;
    this.runner = decoder.runner(KvPrecision.F32);
    this.experts =
        decoder.spec().blocks().stream()
            .anyMatch(b -> b.feedForward() instanceof FeedForwardSpec.Experts);
  }

  /**
   * The vectors {@code [dim]} of texts.
   *
   * @throws InputException if one has no tokens, or more than fit the model
   * @throws NotFiniteException if a vector is not finite
   */
  List<float[]> of(List<int[]> texts) {
    texts.forEach(this::require);
    float[][] vectors = new float[texts.size()][];
    List<Integer> batch = new ArrayList<>();
    int tokens = 0;
    for (int t = 0; t < vectors.length; t++) {
      int length = texts.get(t).length;
      if (experts || length < LEAST || length > MOST) {
        vectors[t] = alone(texts.get(t));
        continue;
      }
      if (tokens + length > MOST) {
        together(texts, batch, vectors);
        batch.clear();
        tokens = 0;
      }
      batch.add(t);
      tokens += length;
    }
    together(texts, batch, vectors);
    return List.of(vectors);
  }

  private void require(int[] ids) {
    if (ids.length == 0 || ids.length > contextLength) {
      throw new InputException(
          ids.length == 0
              ? "an empty text has no embedding"
              : "the text has " + ids.length + " tokens and the model takes " + contextLength);
    }
  }

  private float[] alone(int[] ids) {
    Tape tape = Tape.off(decoder.backend());
    Tensor hidden = decoder.hidden(ids, BlockContext.of(1, ids.length), tape);
    return vector(decoder.finalNorm(hidden, tape), 0, ids.length);
  }

  private void together(List<int[]> texts, List<Integer> batch, float[][] vectors) {
    if (batch.isEmpty()) {
      return;
    }
    List<Part> parts = new ArrayList<>();
    for (int t : batch) {
      parts.add(Part.of(runner.newCache(), texts.get(t)));
    }
    Tensor hidden =
        decoder.finalNorm(runner.hidden(parts, () -> false), Tape.off(decoder.backend()));
    int row = 0;
    for (int t : batch) {
      vectors[t] = vector(hidden, row, texts.get(t).length);
      row += texts.get(t).length;
    }
    parts.stream().map(Part::cache).forEach(SequenceCache::close);
  }

  /** Of the {@code count} rows of {@code hidden} from {@code first} on. */
  private float[] vector(Tensor hidden, int first, int count) {
    int end = first + count;
    int from = how.pooling() == EmbeddingOptions.Pooling.LAST ? end - 1 : first;
    double[] mean = mean(hidden.data(), from, end, hidden.dim(-1));
    double size = 0;
    for (double x : mean) {
      size += x * x;
    }
    if (!Double.isFinite(size)) {
      throw new NotFiniteException("the hidden states");
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

package dev.ashlar.nn.decoder;

import dev.ashlar.nn.runner.Runner.Part;
import dev.ashlar.nn.runner.SequenceCache;
import dev.ashlar.tensor.Tensor;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * The ends of a decoder around blocks that somebody else computes: embeddings before them, and the
 * blocks behind them with caches of their own, and the head. A {@code Runner} is made of it and of
 * whatever computes the first blocks; there may be no blocks behind them, then caches count tokens
 * only.
 *
 * <p>Owns buffers and the memory of its caches. Not thread-safe.
 */
public final class LastBlocks {
  private final DecoderRunner runner;

  LastBlocks(DecoderRunner runner) {
    this.runner = runner;
  }

  /** An empty cache, for {@link #embed} and {@link #hidden} of this only. */
  public SequenceCache newCache() {
    return runner.newCache();
  }

  /**
   * The stream before the decoder's first block, {@code [tokens, dim]}; valid until the next call
   * of any of these. The caches hold afterwards what they held, with room for the tokens.
   *
   * @param batch as for {@code Runner.hidden}
   */
  public Tensor embed(List<Part> batch) {
    return runner.embed(batch);
  }

  /**
   * The stream behind the last block; the caches hold the tokens then. Without blocks it is {@code
   * x}.
   *
   * @param batch as for {@code Runner.hidden}
   * @param x the stream before the first of these blocks, {@code [tokens, dim]}; no buffer of this
   * @return valid until the next call of {@link #embed} or of this
   * @throws java.util.concurrent.CancellationException if {@code cancelled} said so; the caches
   *     hold what they held
   */
  public Tensor hidden(List<Part> batch, Tensor x, BooleanSupplier cancelled) {
    return runner.hidden(batch, x, cancelled);
  }

  /** Final norm and output map: logits {@code [rows, vocab]}, valid until the next call. */
  public Tensor head(Tensor hidden) {
    return runner.head(hidden);
  }
}

package dev.ashlar.nn.decoder;

import dev.ashlar.nn.runner.Runner;
import dev.ashlar.nn.runner.SequenceCache;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.IntConsumer;

/** A {@link Decoder} that continues sequences, computed by the kernels of a backend. */
final class DecoderRunner implements Runner {
  /**
   * Tokens of a page: what attention's kernels take at a time, so that they find each block of keys
   * where it lies.
   */
  static final int PAGE_TOKENS = 64;

  private final Decoder decoder;
  private final int first;
  private final KvPool pool;
  // Buffers fit the number of rows and are kept as long as that stays the same.
  private Tape tape;
  private int rows;

  /** Where the buffers of {@link #head} begin. */
  private int behindHidden;

  /**
   * A runner of the blocks from {@code first} on.
   *
   * @param pool pages for them
   */
  DecoderRunner(Decoder decoder, int first, KvPool pool) {
    this.decoder = decoder;
    this.first = first;
    this.pool = pool;
    this.tape = Tape.off(decoder.backend());
  }

  @Override
  public int dim() {
    return decoder.spec().dim();
  }

  @Override
  public int vocab() {
    return decoder.spec().vocab();
  }

  @Override
  public SequenceCache newCache() {
    return new KvCache(pool);
  }

  @Override
  public Tensor hidden(List<Part> batch, BooleanSupplier cancelled) {
    return hidden(batch, null, cancelled);
  }

  /**
   * The same behind what others computed.
   *
   * @param x the stream before the first block {@code [tokens, dim]}; null for the embeddings
   */
  Tensor hidden(List<Part> batch, Tensor x, BooleanSupplier cancelled) {
    return run(
        batch,
        context -> {
          int mark = tape.mark();
          Tensor from = x == null ? decoder.embed(ids(batch), context, tape) : x;
          Tensor hidden = decoder.through(first, from, mark, context, tape, cancelled);
          context.advance();
          return hidden;
        });
  }

  /** The stream before block 0 {@code [tokens, dim]}, for positions behind what the caches hold. */
  Tensor embed(List<Part> batch) {
    return run(batch, context -> decoder.embed(ids(batch), context, tape));
  }

  private Tensor run(List<Part> batch, Function<BlockContext, Tensor> body) {
    KvCache[] caches = caches(batch);
    int[] lengths = new int[caches.length];
    int[] horizons = new int[caches.length];
    for (int b = 0; b < caches.length; b++) {
      lengths[b] = batch.get(b).ids().length;
      horizons[b] = batch.get(b).horizon();
    }
    try {
      BlockContext context = BlockContext.continuing(caches, lengths, horizons);
      begin(context.rows());
      Tensor result = body.apply(context);
      behindHidden = tape.mark();
      return result;
    } catch (RuntimeException | Error e) {
      for (KvCache cache : caches) {
        cache.truncate(cache.length());
      }
      throw e;
    }
  }

  private void begin(int rows) {
    if (rows != this.rows) {
      tape = Tape.off(decoder.backend());
      this.rows = rows;
    }
    tape.release(0, null);
    behindHidden = 0;
  }

  private KvCache[] caches(List<Part> batch) {
    if (batch.isEmpty()) {
      throw new IllegalArgumentException("there are no sequences to continue");
    }
    KvCache[] caches = new KvCache[batch.size()];
    for (int b = 0; b < caches.length; b++) {
      if (!(batch.get(b).cache() instanceof KvCache cache) || cache.pool() != pool) {
        throw new IllegalArgumentException("the cache of part " + b + " is not of this runner");
      }
      if (batch.get(b).ids().length == 0) {
        throw new IllegalArgumentException("part " + b + " holds no tokens");
      }
      for (int a = 0; a < b; a++) {
        if (caches[a] == cache) {
          throw new IllegalArgumentException("parts " + a + " and " + b + " have the same cache");
        }
      }
      caches[b] = cache;
    }
    return caches;
  }

  private static int[] ids(List<Part> batch) {
    if (batch.size() == 1) {
      return batch.getFirst().ids();
    }
    return batch.stream().mapMultiToInt(DecoderRunner::each).toArray();
  }

  private static void each(Part part, IntConsumer to) {
    for (int id : part.ids()) {
      to.accept(id);
    }
  }

  @Override
  public Tensor head(Tensor hidden) {
    tape.release(behindHidden, null);
    return decoder.head(hidden, tape);
  }
}

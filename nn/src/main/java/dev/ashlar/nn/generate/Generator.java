package dev.ashlar.nn.generate;

import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.decoder.KvCache;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;

/**
 * Continues one sequence of token ids: the prompt in large pieces, then token by token with a
 * key/value cache.
 *
 * <p>The cache is kept from call to call and used again as far as the next prompt begins with the
 * same tokens, so that a conversation is not read again at every turn. Not thread-safe.
 */
public final class Generator {
  /** Prompt tokens per piece: large enough for full speed, small enough for little memory. */
  private static final int PIECE = 512;

  /** Why generation ended. */
  public enum End {
    /** A stop token came; it is not among the tokens. */
    STOP_TOKEN,
    /** The limit was reached. */
    LIMIT,
    /** The listener asked for it. */
    LISTENER
  }

  /**
   * What was generated.
   *
   * @param tokens without the prompt
   * @param promptTokens tokens of the prompt that had to be computed
   * @param promptNanos time until the first token was there
   * @param decodeNanos time for all tokens after the first
   */
  public record Result(
      List<Integer> tokens, End end, int promptTokens, long promptNanos, long decodeNanos) {
    public Result {
      tokens = List.copyOf(tokens);
    }

    /** Prompt tokens per second. */
    public double promptTokensPerSecond() {
      return promptNanos == 0 ? 0 : promptTokens * 1e9 / promptNanos;
    }

    /** Tokens per second after the first; 0 if there are none. */
    public double tokensPerSecond() {
      return decodeNanos == 0 || tokens.size() < 2 ? 0 : (tokens.size() - 1) * 1e9 / decodeNanos;
    }
  }

  private final Decoder decoder;
  private final Sampler sampler;
  private final KvCache.Precision precision;
  private KvCache cache;
  private int[] seen = new int[0];

  /** A generator with an empty cache. */
  public Generator(Decoder decoder, Sampler sampler) {
    this(decoder, sampler, KvCache.Precision.F32);
  }

  /** The same with keys and values stored at {@code precision}. */
  public Generator(Decoder decoder, Sampler sampler, KvCache.Precision precision) {
    this.decoder = decoder;
    this.sampler = sampler;
    this.precision = precision;
    clear();
  }

  /** Forgets the cache. */
  public void clear() {
    cache = new KvCache(1, decoder.blockCount(), precision);
    seen = new int[0];
  }

  /**
   * Continues {@code prompt} by up to {@code limit} tokens.
   *
   * @param stops tokens that end the text
   * @param listener is given each token as soon as it is known; false ends the generation
   * @throws IllegalArgumentException if the prompt is empty or holds ids outside the vocabulary
   */
  public Result generate(int[] prompt, int limit, Set<Integer> stops, IntPredicate listener) {
    if (prompt.length == 0) {
      throw new IllegalArgumentException("the prompt holds no tokens");
    }
    if (limit < 1) {
      throw new IllegalArgumentException("the limit must be at least 1: " + limit);
    }
    Tape tape = Tape.off(decoder.backend());
    long begin = System.nanoTime();
    int computed = prompt.length - reuse(prompt);
    int token = prefill(prompt, prompt.length - computed, tape);
    long first = System.nanoTime();
    List<Integer> tokens = new ArrayList<>();
    End end = End.LIMIT;
    tape = Tape.off(decoder.backend());
    while (true) {
      if (stops.contains(token)) {
        end = End.STOP_TOKEN;
        break;
      }
      tokens.add(token);
      if (!listener.test(token)) {
        end = End.LISTENER;
        break;
      }
      if (tokens.size() == limit) {
        break;
      }
      token = next(new int[] {token}, cache.length() + 1, tape);
    }
    return new Result(tokens, end, computed, first - begin, System.nanoTime() - first);
  }

  /** How many tokens the cache already holds; at least the last one is always computed. */
  private int reuse(int[] prompt) {
    int common = Arrays.mismatch(prompt, seen);
    int kept = common < 0 ? prompt.length : common;
    kept = Math.min(kept, Math.min(cache.length(), prompt.length - 1));
    cache.truncate(kept);
    return kept;
  }

  private int prefill(int[] prompt, int from, Tape tape) {
    int at = from;
    for (; prompt.length - at > PIECE; at += PIECE) {
      int mark = tape.mark();
      feed(Arrays.copyOfRange(prompt, at, at + PIECE), prompt.length, tape);
      tape.release(mark, null);
    }
    return next(Arrays.copyOfRange(prompt, at, prompt.length), prompt.length, tape);
  }

  /** Feeds {@code ids} and draws the token after the last of them. */
  private int next(int[] ids, int horizon, Tape tape) {
    int mark = tape.mark();
    Tensor last = lastRow(feed(ids, horizon, tape), tape);
    Tensor logits = decoder.head(last, tape);
    int token = sampler.sample(logits.data(), 0, logits.size());
    tape.release(mark, null);
    return token;
  }

  private Tensor feed(int[] ids, int horizon, Tape tape) {
    int at = cache.length();
    BlockContext context = BlockContext.of(1, ids.length).withCache(cache).withHorizon(horizon);
    Tensor hidden = decoder.hidden(ids, context, tape);
    remember(ids, at);
    return hidden;
  }

  private static Tensor lastRow(Tensor hidden, Tape tape) {
    int dim = hidden.dim(-1);
    Tensor last = tape.workspace().take(1, 1, dim);
    System.arraycopy(hidden.data(), hidden.size() - dim, last.data(), 0, dim);
    return last;
  }

  private void remember(int[] ids, int at) {
    if (seen.length < at + ids.length) {
      seen = Arrays.copyOf(seen, Math.max(2 * seen.length, at + ids.length));
    }
    System.arraycopy(ids, 0, seen, at, ids.length);
  }
}

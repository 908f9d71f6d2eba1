package dev.ashlar.nn.generate;

import dev.ashlar.nn.runner.Runner;
import dev.ashlar.nn.runner.SequenceCache;
import dev.ashlar.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
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
    /** The model's context is full: it was not made for longer sequences. */
    CONTEXT,
    /** The listener asked for it. */
    LISTENER,
    /**
     * A text that ends what is written came: whoever reads the tokens as text found it, and those
     * that spell it are among them.
     */
    STOP_STRING,
    /** It was cancelled; the tokens are those that came before. */
    CANCELLED
  }

  /**
   * What was generated.
   *
   * @param tokens without the prompt
   * @param promptTokens tokens of the prompt that had to be computed; those that were, if it was
   *     cancelled before
   * @param promptNanos time until the first token was there
   * @param decodeNanos time for all tokens after the first
   */
  public record Result(
      List<Integer> tokens, End end, int promptTokens, long promptNanos, long decodeNanos) {
    public Result {
      tokens = List.copyOf(tokens);
    }

    /** The same for another reason. */
    public Result with(End other) {
      return new Result(tokens, other, promptTokens, promptNanos, decodeNanos);
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

  private final Runner runner;
  private final Sampler sampler;
  private final int context;
  private final SequenceCache cache;
  private final Tensor last;
  private int[] seen = new int[0];

  /** A generator with an empty cache, for sequences of any length. */
  public Generator(Runner runner, Sampler sampler) {
    this(runner, sampler, Integer.MAX_VALUE);
  }

  /**
   * A generator with an empty cache.
   *
   * @param context tokens of a sequence, prompt included, at which it ends
   */
  public Generator(Runner runner, Sampler sampler, int context) {
    this.runner = runner;
    this.sampler = sampler;
    this.context = context;
    this.cache = runner.newCache();
    this.last = Tensor.zeros(1, runner.dim());
  }

  /** Forgets the cache. */
  public void clear() {
    cache.truncate(0);
  }

  /**
   * Continues {@code prompt} by up to {@code limit} tokens, or as many as fit the context.
   *
   * @param stops tokens that end the text
   * @param listener is given each token as soon as it is known; false ends the generation
   * @throws IllegalArgumentException if the prompt is empty or holds ids outside the vocabulary
   */
  public Result generate(int[] prompt, int limit, Set<Integer> stops, IntPredicate listener) {
    return generate(prompt, limit, stops, listener, () -> false);
  }

  /**
   * The same until it is cancelled.
   *
   * @param cancelled is asked many times for each token and piece of the prompt; what is in the
   *     cache by then stays there for the next call
   */
  public Result generate(
      int[] prompt,
      int limit,
      Set<Integer> stops,
      IntPredicate listener,
      BooleanSupplier cancelled) {
    if (prompt.length == 0) {
      throw new IllegalArgumentException("the prompt holds no tokens");
    }
    if (limit < 1) {
      throw new IllegalArgumentException("the limit must be at least 1: " + limit);
    }
    if (prompt.length >= context) {
      return new Result(List.of(), End.CONTEXT, 0, 0, 0);
    }
    long begin = System.nanoTime();
    int reused = reuse(prompt);
    int token;
    try {
      token = prefill(prompt, reused, cancelled);
    } catch (CancellationException e) {
      long nanos = System.nanoTime() - begin;
      return new Result(List.of(), End.CANCELLED, cache.length() - reused, nanos, 0);
    }
    long first = System.nanoTime();
    List<Integer> tokens = new ArrayList<>();
    int room = context - prompt.length;
    End end = decode(token, Math.min(limit, room), stops, listener, cancelled, tokens);
    end = end == End.LIMIT && room < limit ? End.CONTEXT : end;
    long decodeNanos = System.nanoTime() - first;
    return new Result(tokens, end, prompt.length - reused, first - begin, decodeNanos);
  }

  /** Adds tokens, of which {@code token} is the first, until something ends it. */
  private End decode(
      int token,
      int limit,
      Set<Integer> stops,
      IntPredicate listener,
      BooleanSupplier cancelled,
      List<Integer> tokens) {
    int next = token;
    while (!stops.contains(next)) {
      tokens.add(next);
      if (!listener.test(next)) {
        return End.LISTENER;
      }
      if (tokens.size() == limit) {
        return End.LIMIT;
      }
      try {
        next = next(new int[] {next}, 0, cancelled);
      } catch (CancellationException e) {
        return End.CANCELLED;
      }
    }
    return End.STOP_TOKEN;
  }

  /** How many tokens the cache already holds; at least the last one is always computed. */
  private int reuse(int[] prompt) {
    int common = Arrays.mismatch(prompt, seen);
    int kept = common < 0 ? prompt.length : common;
    kept = Math.min(kept, Math.min(cache.length(), prompt.length - 1));
    cache.truncate(kept);
    return kept;
  }

  private int prefill(int[] prompt, int from, BooleanSupplier cancelled) {
    int at = from;
    for (; prompt.length - at > PIECE; at += PIECE) {
      feed(Arrays.copyOfRange(prompt, at, at + PIECE), prompt.length, cancelled);
    }
    return next(Arrays.copyOfRange(prompt, at, prompt.length), prompt.length, cancelled);
  }

  /** Feeds {@code ids} and draws the token after the last of them. */
  private int next(int[] ids, int horizon, BooleanSupplier cancelled) {
    Tensor hidden = feed(ids, horizon, cancelled);
    int dim = last.size();
    System.arraycopy(hidden.data(), hidden.size() - dim, last.data(), 0, dim);
    Tensor logits = runner.head(last);
    return sampler.sample(logits.data(), 0, logits.size());
  }

  private Tensor feed(int[] ids, int horizon, BooleanSupplier cancelled) {
    int at = cache.length();
    Tensor hidden = runner.hidden(List.of(new Runner.Part(cache, ids, horizon)), cancelled);
    remember(ids, at);
    return hidden;
  }

  private void remember(int[] ids, int at) {
    if (seen.length < at + ids.length) {
      seen = Arrays.copyOf(seen, Math.max(2 * seen.length, at + ids.length));
    }
    System.arraycopy(ids, 0, seen, at, ids.length);
  }
}

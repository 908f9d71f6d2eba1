package dev.ashlar.nn.decoder;

import dev.ashlar.nn.layer.DenseWeight;
import dev.ashlar.nn.layer.HalfWeight;
import dev.ashlar.nn.layer.PackedWeight;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.HalfMatrix;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.ActivationPrecision;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kv.KvPrecision;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.LongSupplier;

/**
 * Calls the kernels that a decoder is going to use until they are compiled, beside the loading of
 * its weights. Before that a vector kernel runs a hundred to a thousand times slower, and the first
 * token would be computed so.
 *
 * <p>What lies between the products is called by a block of the decoder itself, made from its
 * specification with {@linkplain HollowWeights nothing in its linear maps} and {@linkplain
 * NarrowBlock few channels}; products by corners of the matrices, one of each kind, as they are
 * loaded. All of it by one thread: the others load.
 */
final class WarmUp implements AutoCloseable {
  /** Time to spend on one call at most: what is not compiled by then may never be. */
  private static final long ENOUGH_NANOS = 2_000_000_000L;

  /** A call this fast is compiled code: interpreted, all of them take several times as long. */
  private static final long FAST_NANOS = 150_000;

  /** What a compiled block may take beyond that for each float between its products. */
  private static final long FLOAT_NANOS = 2;

  /** Fast calls in a row before a kernel counts as compiled. */
  private static final int STEADY = 5;

  /** Tokens of a prompt that go the kernels' way for many rows. */
  private static final int MANY = 16;

  /** Rows of a product for each of the kernels' ways: one, many, and a few that are left over. */
  private static final int[] ROWS = {1, MANY, 5};

  private static final int MATRIX_ROWS = 64;
  private static final int LEAST_COLUMNS = 64;

  /** Keys that a token sees: two pages of a cache and a part of a third. */
  private static final int KEYS = 2 * DecoderRunner.PAGE_TOKENS + 22;

  /** Tokens before the end of a prompt. */
  private static final int BEHIND = 24;

  private static final Runnable END = () -> {};

  private final Backend backend;
  private final ActivationPrecision activations;
  private final int prompt;
  private final KvPrecision cache;
  private final Tape tape;
  private final LinkedBlockingQueue<Runnable> waiting = new LinkedBlockingQueue<>();
  private final Set<String> known = ConcurrentHashMap.newKeySet();
  private final Parallel.Aside aside;
  private volatile boolean abandoned;

  private WarmUp(Backend backend, InferenceOptions options) {
    this.backend = backend;
    this.activations = options.activations();
    this.prompt = Math.min(options.prompt(), MANY);
    this.cache = options.cache();
    this.tape = Tape.off(backend);
    this.aside = backend == Backends.reference() ? null : Parallel.aside(this::alone);
  }

  /** Begins with what {@code spec} says of its first block. */
  static WarmUp begin(DecoderSpec spec, Backend backend, InferenceOptions options) {
    WarmUp w = new WarmUp(backend, options);
    spec.blocks().stream().findFirst().ifPresent(block -> w.add(() -> w.block(block, spec.dim())));
    return w;
  }

  private void add(Runnable kernels) {
    if (aside != null) {
      waiting.add(kernels);
    }
  }

  /** Adds products with matrices like {@code w}, once for each kind. */
  void like(QuantizedMatrix w) {
    if (aside != null && known.add(w.kind()) && w.out() >= MATRIX_ROWS) {
      int columns = Math.min(w.in(), ceil(LEAST_COLUMNS, w.groups().cut(w.in())));
      QuantizedMatrix corner = w.corner(MATRIX_ROWS, columns);
      add(() -> products(PackedWeight.of(corner, backend, activations)));
    }
  }

  /** Adds products with float matrices. */
  void dense() {
    if (aside != null && known.add("dense")) {
      add(() -> products(new DenseWeight(Tensor.zeros(MATRIX_ROWS, LEAST_COLUMNS))));
    }
  }

  /** Adds products with matrices of 16 bits. */
  void half(DType type) {
    if (aside != null && known.add(type.name())) {
      short[] bits = new short[MATRIX_ROWS * LEAST_COLUMNS];
      HalfMatrix corner = new HalfMatrix(type, MATRIX_ROWS, LEAST_COLUMNS, bits);
      add(() -> products(new HalfWeight(corner)));
    }
  }

  private static int ceil(int n, int unit) {
    return Math.ceilDiv(n, unit) * unit;
  }

  /** Returns when everything is compiled, or time is up. */
  @Override
  public void close() {
    if (aside != null) {
      waiting.add(END);
      aside.await();
    }
  }

  /** As {@link #close}, without finishing what waits. */
  void abandon() {
    abandoned = true;
    close();
  }

  private void alone() {
    Parallel.limited(
        1,
        () -> {
          work();
          return null;
        });
  }

  private void work() {
    while (true) {
      try {
        Runnable next = waiting.take();
        if (next == END) {
          return;
        }
        next.run();
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  /** Calls until a call takes no longer than {@code limit} says of it, some times in a row. */
  private void run(Runnable call, LongSupplier limit) {
    int fast = 0;
    long deadline = System.nanoTime() + ENOUGH_NANOS;
    while (fast < STEADY && !abandoned && System.nanoTime() - deadline < 0) {
      int mark = tape.mark();
      long begin = System.nanoTime();
      call.run();
      fast = System.nanoTime() - begin < limit.getAsLong() ? fast + 1 : 0;
      tape.release(mark, null);
    }
  }

  private void products(Weight w) {
    for (int rows : rows()) {
      Tensor x = Tensor.zeros(rows, w.in());
      run(() -> w.multiply(x, tape), () -> FAST_NANOS);
    }
  }

  private int[] rows() {
    if (prompt >= MANY) {
      return ROWS;
    }
    return prompt == 1 ? new int[] {1} : new int[] {1, prompt};
  }

  /** A token behind others, then a prompt, or its end behind its beginning. */
  private void block(BlockSpec wide, int dim) {
    BlockSpec spec = NarrowBlock.of(wide);
    HollowWeights weights = new HollowWeights(backend);
    DecoderBlock block = DecoderBlock.load(0, spec, weights, new Rotaries());
    KvPool pool = new KvPool(List.of(spec), cache, DecoderRunner.PAGE_TOKENS);
    block(block, weights, new KvCache(pool), KEYS - 1, Tensor.zeros(1, dim));
    int behind = prompt < MANY ? 0 : BEHIND;
    block(block, weights, new KvCache(pool), behind, Tensor.zeros(prompt, dim));
  }

  private void block(
      DecoderBlock block, HollowWeights weights, KvCache cache, int behind, Tensor x) {
    int[] tokens = {x.dim(0)};
    int[] horizon = {behind + x.dim(0)};
    KvCache[] caches = {cache};
    cache.reserve(behind);
    cache.advance(behind);
    run(
        () -> block.forward(x, BlockContext.continuing(caches, tokens, horizon), tape),
        () -> FAST_NANOS + FLOAT_NANOS * weights.floats());
  }
}

package dev.ashlar.nn.decoder;

import dev.ashlar.nn.layer.DenseWeight;
import dev.ashlar.nn.layer.PackedWeight;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Op;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.op.Activate;
import dev.ashlar.tensor.autograd.op.Add;
import dev.ashlar.tensor.autograd.op.Attend;
import dev.ashlar.tensor.autograd.op.Gate;
import dev.ashlar.tensor.autograd.op.LayerNormalize;
import dev.ashlar.tensor.autograd.op.RmsNormalize;
import dev.ashlar.tensor.autograd.op.Rotate;
import dev.ashlar.tensor.kernel.ActivationKernel;
import dev.ashlar.tensor.kernel.ActivationPrecision;
import dev.ashlar.tensor.kernel.AttentionKernel.Spec;
import dev.ashlar.tensor.kernel.AttentionRanges;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Supplier;

/**
 * Calls the kernels that a decoder is going to use on tiny operands until they are compiled, beside
 * the loading of its weights. Before that a vector kernel runs a hundred to a thousand times
 * slower, and the first token would be computed so.
 */
final class WarmUp implements AutoCloseable {
  /** Time to spend on all of it at most: a kernel that is not compiled by then may never be. */
  private static final long ENOUGH_NANOS = 3_000_000_000L;

  /** A call this fast is compiled code: interpreted, all of them take several times as long. */
  private static final long FAST_NANOS = 150_000;

  /** Fast calls in a row before a kernel counts as compiled. */
  private static final int STEADY = 5;

  /** Tokens of a prompt that go the kernels' way for many rows. */
  private static final int MANY = 16;

  /** Rows of a product for each of the kernels' ways: one, many, and a few that are left over. */
  private static final int[] ROWS = {1, MANY, 5};

  private static final int MATRIX_ROWS = 64;
  private static final int LEAST_COLUMNS = 64;

  private static final int KEYS = 40;

  private static final Runnable END = () -> {};

  private final Backend backend;
  private final ActivationPrecision activations;
  private final int prompt;
  private final Tape tape;
  private final LinkedBlockingQueue<Runnable> waiting = new LinkedBlockingQueue<>();
  private final Set<String> known = ConcurrentHashMap.newKeySet();
  private final Parallel.Aside aside;
  private volatile long deadline = System.nanoTime() + ENOUGH_NANOS;

  private WarmUp(Backend backend, InferenceOptions options) {
    this.backend = backend;
    this.activations = options.activations();
    this.prompt = Math.min(options.prompt(), MANY);
    this.tape = Tape.off(backend);
    this.aside = backend == Backends.reference() ? null : Parallel.aside(this::work);
  }

  /** Begins with the kernels that {@code spec} names. */
  static WarmUp begin(DecoderSpec spec, Backend backend, InferenceOptions options) {
    WarmUp w = new WarmUp(backend, options);
    w.add(() -> w.norm(spec.head().norm()));
    if (!spec.blocks().isEmpty()) {
      BlockSpec block = spec.blocks().getFirst();
      w.add(() -> w.feedForward(block.feedForward()));
      w.add(() -> w.attention(block.attention()));
    }
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
      add(() -> products(new PackedWeight(corner, backend, activations)));
    }
  }

  /** Adds products with float matrices. */
  void dense() {
    if (aside != null && known.add("dense")) {
      add(() -> products(new DenseWeight(Tensor.zeros(MATRIX_ROWS, LEAST_COLUMNS))));
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
    deadline = System.nanoTime();
    close();
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

  private void repeat(Supplier<Op> op) {
    run(() -> tape.apply(op.get()));
  }

  private void run(Runnable call) {
    int fast = 0;
    while (fast < STEADY && System.nanoTime() - deadline < 0) {
      int mark = tape.mark();
      long begin = System.nanoTime();
      call.run();
      fast = System.nanoTime() - begin < FAST_NANOS ? fast + 1 : 0;
      tape.release(mark, null);
    }
  }

  private void products(Weight w) {
    for (int rows : rows()) {
      Tensor x = Tensor.zeros(rows, w.in());
      run(() -> w.multiply(x, tape));
    }
  }

  private int[] rows() {
    if (prompt >= MANY) {
      return ROWS;
    }
    return prompt == 1 ? new int[] {1} : new int[] {1, prompt};
  }

  private void norm(Optional<NormSpec> spec) {
    Tensor x = Tensor.zeros(1, LEAST_COLUMNS);
    Tensor weight = Tensor.zeros(LEAST_COLUMNS);
    if (spec.isPresent() && spec.get() instanceof NormSpec.Rms r) {
      repeat(() -> new RmsNormalize(x, weight, r.eps()));
    } else if (spec.isPresent()) {
      repeat(() -> new LayerNormalize(x, weight, weight, LEAST_COLUMNS, 1e-5f));
    }
    repeat(() -> new Add(x, x));
  }

  private void feedForward(FeedForwardSpec spec) {
    switch (spec) {
      case FeedForwardSpec.Gated g -> gate(g.f());
      case FeedForwardSpec.FusedGated g -> gate(g.f());
      case FeedForwardSpec.Plain p -> {
        Tensor x = Tensor.zeros(1, LEAST_COLUMNS);
        repeat(() -> new Activate(p.f(), x));
      }
      case FeedForwardSpec.Clamped c -> gate(ActivationKernel.Function.SIGMOID);
      case FeedForwardSpec.Experts e -> feedForward(e.experts().getFirst());
    }
  }

  private void gate(ActivationKernel.Function f) {
    Tensor x = Tensor.zeros(1, LEAST_COLUMNS);
    repeat(() -> new Gate(f, x, x));
  }

  private void attention(AttentionSpec spec) {
    if (spec.position() instanceof PositionSpec.Rotary r) {
      Rotate.Tables tables = new RotaryTables(r.rotary()).upTo(1, 1);
      Tensor x = Tensor.zeros(1, spec.headDim());
      repeat(() -> new Rotate(x, tables, spec.headDim(), new int[1]));
    }
    attend(spec, 1, KEYS);
    attend(spec, prompt, prompt < MANY ? prompt : KEYS);
  }

  /** One key/value head with its queries. */
  private void attend(AttentionSpec a, int length, int keys) {
    int heads = a.heads() / a.kvHeads();
    Spec spec =
        new Spec(
            AttentionRanges.dense(1, length, keys),
            heads,
            1,
            a.headDim(),
            a.valueDim(),
            a.scale(),
            0,
            a.softcap(),
            a.position() instanceof PositionSpec.Alibi ? slopes(heads) : null);
    Tensor q = Tensor.zeros(length, (long) heads * a.headDim());
    Tensor k = Tensor.zeros(keys, a.headDim());
    Tensor v = Tensor.zeros(keys, a.valueDim());
    repeat(() -> new Attend(spec, q, k, v));
  }

  private static float[] slopes(int heads) {
    float[] slopes = new float[heads];
    Arrays.fill(slopes, 1f);
    return slopes;
  }
}

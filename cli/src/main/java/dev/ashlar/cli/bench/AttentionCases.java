package dev.ashlar.cli.bench;

import dev.ashlar.nn.device.DeviceKernels.Attention;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.AttentionKernel.Spec;
import dev.ashlar.tensor.kernel.AttentionRanges;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kv.KvRows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** Causal attention, 9 heads of 64 over 3 for keys and values: prompts, training, decoding. */
final class AttentionCases {
  private static final int HEADS = 9;
  private static final int KV_HEADS = 3;
  private static final int DIM = 64;
  private static final float SCALE = 0.125f;

  private AttentionCases() {}

  /** Queries of each sequence, its last ones, that are held against the reference's. */
  private static final int SAMPLE = 64;

  /** Pairs of a query and a key up to which the reference does all of the work. */
  private static final int FEW = 4 * 256 * 256;

  static List<Group> groups(boolean quick, Optional<BenchDevice> device) {
    List<Group> groups = new ArrayList<>();
    if (quick) {
      groups.add(new Group("attention", () -> training(1, 256, device)));
    } else {
      groups.add(new Group("attention", () -> training(4, 256, device)));
      groups.add(new Group("attention", () -> training(1, 2048, device)));
    }
    groups.add(new Group("attention", () -> decoding(2048, device)));
    return groups;
  }

  private static Spec spec(int batch, int length, int keys) {
    AttentionRanges ranges = AttentionRanges.dense(batch, length, keys);
    return Spec.plain(ranges, HEADS, KV_HEADS, DIM, DIM, SCALE);
  }

  private static KvRows.Dense rows(float[] data, int keys) {
    return new KvRows.Dense(data, keys, KV_HEADS, DIM);
  }

  private static List<Case> training(int batch, int length, Optional<BenchDevice> device) {
    List<Case> cases = new ArrayList<>();
    if (batch * length * length <= FEW && Operands.backends().size() > 1) {
      new Training(batch, length, Backends.reference()).addTo(cases, 1);
    }
    Training training = new Training(batch, length, Backends.chosen());
    for (int t : Operands.threads()) {
      training.addTo(cases, t);
    }
    device.ifPresent(d -> cases.add(training.on(d)));
    return cases;
  }

  /** Forward and backward of whole sequences by one backend. */
  private static final class Training {
    private final int batch;
    private final int length;
    private final Backend backend;
    private final Spec spec;
    private final float[] q;
    private final KvRows.Dense k;
    private final KvRows.Dense v;
    private final float[] out;
    private final float[] lse;
    private final Supplier<float[]> lastOutputs = Operands.once(this::lastOutputs);
    private final Supplier<float[]> gradients =
        Operands.once(() -> new Gradients().by(Backends.reference()).joined());

    Training(int batch, int length, Backend backend) {
      this.batch = batch;
      this.length = length;
      this.backend = backend;
      this.spec = spec(batch, length, length);
      this.q = Operands.floats(batch * length * HEADS * DIM);
      this.k = rows(Operands.floats(batch * length * KV_HEADS * DIM), length);
      this.v = rows(k.data().clone(), length);
      this.out = new float[q.length];
      this.lse = new float[batch * HEADS * length];
    }

    void addTo(List<Case> cases, int threads) {
      // Two products of a query with each key it sees; the backward pass has five.
      double pairs = 0.5 * batch * HEADS * length * (length + 1.0);
      double product = 2e-9 * DIM * pairs;
      String name = backend.name();
      String size = " " + batch + " of " + length;
      Runnable forward = () -> backend.attention().forward(spec, q, k, v, out, lse);
      cases.add(
          new Case("forward" + size, name, threads, Bound.ARITHMETIC, 2 * product, forward)
              .checked(new Check(() -> last(out), lastOutputs, Check.SUMS)));
      Gradients sums = new Gradients();
      Case backward =
          new Case(
                  "backward" + size,
                  name,
                  threads,
                  Bound.ARITHMETIC,
                  5 * product,
                  () -> sums.by(backend))
              .prepared(forward);
      // Those of the first call alone: later ones are added to it.
      cases.add(
          batch * length * length <= FEW
              ? backward.checked(new Check(sums::joined, gradients, Check.SUMS))
              : backward);
    }

    /** The forward pass on a device. */
    Case on(BenchDevice device) {
      return device.kernel(
          "forward " + batch + " of " + length,
          Bound.ARITHMETIC,
          2e-9 * DIM * batch * HEADS * length * (length + 1.0),
          () -> device.kernels().attention(sizes(batch, length, length), q, k.data(), v.data()),
          this::last,
          lastOutputs,
          Check.SUMS);
    }

    /** Gradients of the queries, keys and values, which take the output for its own gradient. */
    private final class Gradients {
      private final float[] dq = new float[q.length];
      private final float[] dk = new float[k.data().length];
      private final float[] dv = new float[v.data().length];

      Gradients by(Backend b) {
        Parallel.rows(
            spec.units(),
            1,
            (from, to) ->
                b.attention().backward(spec, from, to, q, k, v, out, lse, out, dq, dk, dv));
        return this;
      }

      float[] joined() {
        float[] all = Arrays.copyOf(dq, dq.length + dk.length + dv.length);
        System.arraycopy(dk, 0, all, dq.length, dk.length);
        System.arraycopy(dv, 0, all, dq.length + dk.length, dv.length);
        return all;
      }
    }

    private float[] lastOutputs() {
      int n = Math.min(SAMPLE, length);
      float[] outputs = new float[batch * n * HEADS * DIM];
      Spec few = spec(batch, n, length);
      Backends.reference().attention().forward(few, last(q), k, v, outputs, null);
      return outputs;
    }

    /** Of rows of queries or outputs, those of the last queries of each sequence. */
    private float[] last(float[] rows) {
      int width = HEADS * DIM;
      int n = Math.min(SAMPLE, length);
      float[] some = new float[batch * n * width];
      for (int b = 0; b < batch; b++) {
        int from = ((b + 1) * length - n) * width;
        System.arraycopy(rows, from, some, b * n * width, n * width);
      }
      return some;
    }
  }

  private static Attention sizes(int batch, int queries, int keys) {
    return new Attention(batch, queries, keys, HEADS, KV_HEADS, DIM, SCALE);
  }

  private static List<Case> decoding(int keys, Optional<BenchDevice> device) {
    Spec spec = spec(1, 1, keys);
    float[] q = Operands.floats(HEADS * DIM);
    float[] out = new float[q.length];
    int size = keys * KV_HEADS * DIM;
    Operands.Turns<float[]> caches = new Operands.Turns<>(4L * size, () -> Operands.floats(size));
    // All copies are alike.
    KvRows same = rows(Operands.floats(size), keys);
    Supplier<float[]> expected =
        Operands.once(
            () -> {
              float[] by = new float[q.length];
              Backends.reference().attention().forward(spec, q, same, same, by, null);
              return by;
            });
    List<Case> cases = new ArrayList<>();
    for (Backend b : Operands.backends()) {
      for (int threads : Operands.threads()) {
        Runnable body =
            () -> {
              KvRows k = rows(caches.next(), keys);
              KvRows v = rows(caches.next(), keys);
              b.attention().forward(spec, q, k, v, out, null);
            };
        String name = "1 query, " + keys + " keys";
        cases.add(
            new Case(name, b.name(), threads, Bound.MEMORY, 8e-9 * size, body)
                .prepared(caches::fill)
                .checked(new Check(out::clone, expected, Check.SUMS)));
      }
    }
    device.ifPresent(
        d ->
            cases.add(
                d.kernel(
                    "1 query, " + keys + " keys",
                    Bound.MEMORY,
                    8e-9 * size,
                    () ->
                        d.kernels()
                            .attention(
                                sizes(1, 1, keys), q, Operands.floats(size), Operands.floats(size)),
                    found -> found,
                    expected,
                    Check.SUMS)));
    return cases;
  }
}

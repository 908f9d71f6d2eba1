package dev.ashlar.cli.bench;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.AttentionKernel;
import dev.ashlar.tensor.kernel.AttentionKernel.Spec;
import dev.ashlar.tensor.kernel.AttentionRanges;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kv.KvRows;
import java.util.ArrayList;
import java.util.List;

/** Causal attention, 9 heads of 64 over 3 for keys and values: prompts, training, decoding. */
final class AttentionCases {
  private static final int HEADS = 9;
  private static final int KV_HEADS = 3;
  private static final int DIM = 64;

  private AttentionCases() {}

  static List<Group> groups(boolean quick) {
    List<Group> groups = new ArrayList<>();
    groups.add(new Group("attention", () -> training(4, 256)));
    if (!quick) {
      groups.add(new Group("attention", () -> training(1, 2048)));
    }
    groups.add(new Group("attention", () -> decoding(2048)));
    return groups;
  }

  private static Spec spec(int batch, int length, int keys) {
    AttentionRanges ranges = AttentionRanges.dense(batch, length, keys);
    return Spec.plain(ranges, HEADS, KV_HEADS, DIM, DIM, 0.125f);
  }

  private static KvRows.Dense rows(float[] data, int keys) {
    return new KvRows.Dense(data, keys, KV_HEADS, DIM);
  }

  private static List<Case> training(int batch, int length) {
    Spec spec = spec(batch, length, length);
    float[] q = Operands.floats(batch * length * HEADS * DIM);
    KvRows.Dense k = rows(Operands.floats(batch * length * KV_HEADS * DIM), length);
    KvRows.Dense v = rows(k.data().clone(), length);
    float[] out = new float[q.length];
    float[] lse = new float[batch * HEADS * length];
    float[] dq = new float[q.length];
    float[] dk = new float[k.data().length];
    float[] dv = new float[v.data().length];
    // Two products of a query with each key it sees; the backward pass has five.
    double pairs = 0.5 * batch * HEADS * length * (length + 1.0);
    double product = 2e-9 * DIM * pairs;
    AttentionKernel kernel = Backends.chosen().attention();
    String name = Backends.chosen().name();
    String size = " " + batch + " of " + length;
    List<Case> cases = new ArrayList<>();
    for (int t : Operands.threads()) {
      Runnable forward = () -> kernel.forward(spec, q, k, v, out, lse);
      Runnable backward =
          () ->
              Parallel.rows(
                  spec.units(),
                  1,
                  (from, to) ->
                      kernel.backward(spec, from, to, q, k, v, out, lse, out, dq, dk, dv));
      cases.add(new Case("forward" + size, name, t, Bound.ARITHMETIC, 2 * product, forward));
      cases.add(new Case("backward" + size, name, t, Bound.ARITHMETIC, 5 * product, backward));
    }
    return cases;
  }

  private static List<Case> decoding(int keys) {
    Spec spec = spec(1, 1, keys);
    float[] q = Operands.floats(HEADS * DIM);
    float[] out = new float[q.length];
    int size = keys * KV_HEADS * DIM;
    Operands.Turns<float[]> caches = new Operands.Turns<>(4L * size, () -> Operands.floats(size));
    List<Case> cases = new ArrayList<>();
    for (Backend b : List.of(Backends.reference(), Backends.chosen())) {
      for (int threads : Operands.threads()) {
        Runnable body =
            () -> {
              KvRows k = rows(caches.next(), keys);
              KvRows v = rows(caches.next(), keys);
              b.attention().forward(spec, q, k, v, out, null);
            };
        cases.add(
            new Case(
                "1 query, " + keys + " keys", b.name(), threads, Bound.MEMORY, 8e-9 * size, body));
      }
    }
    return cases;
  }
}

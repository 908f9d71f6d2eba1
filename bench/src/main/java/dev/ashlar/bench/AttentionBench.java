package dev.ashlar.bench;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.AttentionKernel;
import dev.ashlar.tensor.kernel.AttentionKernel.Spec;
import dev.ashlar.tensor.kernel.AttentionRanges;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kv.KvPages;
import dev.ashlar.tensor.kv.KvPrecision;
import dev.ashlar.tensor.kv.KvRows;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Attention of SmolLM2's shape (9 heads of 64, 3 for keys and values): training and decoding. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(value = 3, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
public class AttentionBench {
  private static final int HEADS = 9;
  private static final int KV_HEADS = 3;
  private static final int DIM = 64;
  private static final int PAGE = 64;

  /** Sequences, queries and keys. */
  @Param({"4x256x256", "1x2048x2048", "1x1x1024", "1x1x8192"})
  public String shape;

  @Param({"1", "2"})
  public int threads;

  /** How keys and values are kept; what is not dense lies in pages of 64, for forward alone. */
  @Param({"dense"})
  public String kept;

  private final AttentionKernel kernel = Backends.chosen().attention();
  private Spec spec;
  private float[] q;
  private KvRows.Dense k;
  private KvRows.Dense v;
  private KvRows keys;
  private KvRows values;
  private float[] out;
  private float[] lse;
  private float[] dq;
  private float[] dk;
  private float[] dv;

  /** Fills queries, keys and values with small random numbers. */
  @Setup
  public void fill() {
    String[] parts = shape.split("x");
    int batch = Integer.parseInt(parts[0]);
    int length = Integer.parseInt(parts[1]);
    int positions = Integer.parseInt(parts[2]);
    AttentionRanges ranges = AttentionRanges.dense(batch, length, positions);
    spec = Spec.plain(ranges, HEADS, KV_HEADS, DIM, DIM, 0.125f);
    Random random = new Random(1);
    q = random(random, batch * length * HEADS * DIM);
    k = dense(random, batch, positions);
    v = dense(random, batch, positions);
    keys = kept(k, batch, positions);
    values = kept(v, batch, positions);
    out = new float[q.length];
    lse = new float[batch * HEADS * length];
    dq = new float[q.length];
    dk = new float[k.data().length];
    dv = new float[v.data().length];
    forward();
  }

  private static KvRows.Dense dense(Random random, int batch, int keys) {
    float[] data = random(random, batch * keys * KV_HEADS * DIM);
    return new KvRows.Dense(data, keys, KV_HEADS, DIM);
  }

  private KvRows kept(KvRows.Dense rows, int batch, int positions) {
    if (kept.equals("dense")) {
      return rows;
    }
    KvPrecision precision = KvPrecision.valueOf(kept.toUpperCase(Locale.ROOT));
    KvPages pages = KvPages.of(precision, KV_HEADS, PAGE, DIM);
    int each = Math.ceilDiv(positions, PAGE);
    int[][] tables = new int[batch][each];
    for (int b = 0; b < batch; b++) {
      for (int j = 0; j < positions; j++) {
        int page = b * each + j / PAGE;
        tables[b][j / PAGE] = page;
        pages.allocate(page);
        for (int h = 0; h < KV_HEADS; h++) {
          pages.write(page, h, j % PAGE, rows.data(), rows.at(b, h, j));
        }
      }
    }
    return new KvRows.Paged(pages, tables);
  }

  private static float[] random(Random random, int n) {
    float[] a = new float[n];
    for (int i = 0; i < n; i++) {
      a[i] = random.nextFloat() - 0.5f;
    }
    return a;
  }

  @Benchmark
  public float[] forward() {
    return Parallel.limited(
        threads,
        () -> {
          kernel.forward(spec, q, keys, values, out, lse);
          return out;
        });
  }

  /** The gradient of the output is the output itself; any numbers do. */
  @Benchmark
  public float[] backward() {
    return Parallel.limited(
        threads,
        () -> {
          Parallel.rows(
              spec.units(),
              1,
              (from, to) -> kernel.backward(spec, from, to, q, k, v, out, lse, out, dq, dk, dv));
          return dq;
        });
  }
}

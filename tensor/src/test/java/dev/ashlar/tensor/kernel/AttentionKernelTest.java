package dev.ashlar.tensor.kernel;

import static dev.ashlar.tensor.kernel.KernelTesting.assertClose;
import static dev.ashlar.tensor.kernel.KernelTesting.floats;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.AttentionKernel.Spec;
import dev.ashlar.tensor.kv.KvRows;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Attention, forward and backward, of every backend against the reference. */
class AttentionKernelTest {
  private static final float SCALE = 0.3f;

  static Iterable<Backend> backends() {
    return Backends.all();
  }

  private static Spec spec(
      int batch, int length, int keys, int heads, int kvHeads, int headDim, int valueDim) {
    AttentionRanges ranges = AttentionRanges.dense(batch, length, keys);
    return Spec.plain(ranges, heads, kvHeads, headDim, valueDim, SCALE);
  }

  private static Spec variant(Spec s, int window, float softcap, float[] slopes, int[] firstKey) {
    AttentionRanges r = s.ranges();
    return new Spec(
        AttentionRanges.dense(r.sequences(), r.length(0), r.keys(0), firstKey),
        s.heads(),
        s.kvHeads(),
        s.headDim(),
        s.valueDim(),
        s.scale(),
        window,
        softcap,
        slopes);
  }

  private static List<Spec> specs() {
    List<Spec> all = new ArrayList<>();
    all.add(spec(1, 1, 1, 1, 1, 1, 1));
    all.add(spec(2, 5, 5, 2, 1, 3, 5));
    all.add(spec(1, 17, 17, 6, 2, 64, 64));
    all.add(spec(2, 70, 70, 3, 3, 16, 33));
    all.add(spec(1, 133, 133, 2, 1, 65, 16));
    all.add(spec(1, 7, 80, 4, 2, 80, 128));
    all.add(spec(1, 1, 200, 9, 3, 64, 64));
    all.add(spec(2, 2, 131, 4, 2, 32, 96));
    all.add(variant(spec(2, 1, 300, 6, 2, 64, 64), 77, 0, null, new int[] {5, 290}));
    for (int length : new int[] {1, 2}) {
      Spec far = spec(2, length, 1400, 4, 2, 24, 40);
      float[] slopes = {0.01f, 0.02f, 0.003f, 0.0625f};
      all.add(far);
      all.add(variant(far, 700, 0, null, null));
      all.add(variant(far, 700, 1.5f, slopes, new int[] {13, 1390}));
      all.add(variant(far, 0, 0, slopes, new int[] {600, 0}));
    }
    for (int length : new int[] {1, 3, 20}) {
      Spec base = spec(2, length, 90, 4, 2, 24, 40);
      float[] slopes = {0.5f, 0.25f, 0.125f, 0.0625f};
      all.add(base);
      all.add(variant(base, 9, 0, null, null));
      all.add(variant(base, 0, 2f, null, null));
      all.add(variant(base, 0, 0, slopes, null));
      all.add(variant(base, 0, 0, null, new int[] {3, 77}));
      all.add(variant(base, 13, 1.5f, slopes, new int[] {0, 90}));
    }
    return all;
  }

  @ParameterizedTest
  @MethodSource("backends")
  void forwardAgreesWithTheReference(Backend backend) {
    Random random = new Random(11);
    for (Spec s : specs()) {
      Operands x = Operands.random(s, random);
      float[] expected = new float[x.out];
      float[] found = floats(random, x.out, 1f);
      float[] expectedLse = new float[x.lse];
      float[] foundLse = new float[x.lse];
      Backends.reference().attention().forward(s, x.q, x.k, x.v, expected, expectedLse);
      backend.attention().forward(s, x.q, x.k, x.v, found, foundLse);
      assertClose(expected, found, 1e-6, 2e-6, s.toString());
      assertClose(expectedLse, foundLse, 1e-6, 2e-6, "lse of " + s);
      float[] without = new float[x.out];
      Parallel.limited(
          3,
          () -> {
            backend.attention().forward(s, x.q, x.k, x.v, without, null);
            return null;
          });
      assertArrayEquals(found, without, "on three threads, " + s);
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void backwardAgreesWithTheReference(Backend backend) {
    Random random = new Random(12);
    for (Spec s : specs()) {
      Operands x = Operands.random(s, random);
      float[] out = new float[x.out];
      float[] lse = new float[x.lse];
      Backends.reference().attention().forward(s, x.q, x.k, x.v, out, lse);
      float[] dOut = floats(random, x.out, 1f);
      float[][] expected = {x.q.clone(), x.k.data().clone(), x.v.data().clone()};
      float[][] found = {x.q.clone(), x.k.data().clone(), x.v.data().clone()};
      backward(Backends.reference(), s, x, out, lse, dOut, expected);
      backward(backend, s, x, out, lse, dOut, found);
      for (int i = 0; i < 3; i++) {
        assertClose(expected[i], found[i], 2e-6, 2e-5, "dqkv".charAt(i + 1) + " of " + s);
      }
    }
  }

  /** Sums in lanes must not change when the compiler gets to them. */
  @ParameterizedTest
  @MethodSource("backends")
  void bitsAreTheSameColdAndHot(Backend backend) {
    for (Spec s : new Spec[] {spec(1, 13, 40, 2, 1, 24, 24), spec(1, 1, 90, 3, 1, 32, 64)}) {
      Operands x = Operands.random(s, new Random(13));
      float[] first = null;
      for (int i = 0; i < 400; i++) {
        float[] all = new float[2 * x.out + x.lse];
        float[] out = new float[x.out];
        float[] lse = new float[x.lse];
        backend.attention().forward(s, x.q, x.k, x.v, out, lse);
        float[][] d = {
          new float[x.q.length], new float[x.k.data().length], new float[x.v.data().length]
        };
        backward(backend, s, x, out, lse, out, d);
        System.arraycopy(out, 0, all, 0, x.out);
        System.arraycopy(d[0], 0, all, x.out, Math.min(x.out, d[0].length));
        System.arraycopy(lse, 0, all, 2 * x.out, x.lse);
        if (first == null) {
          first = all;
        }
        assertArrayEquals(first, all, "call " + i);
      }
    }
  }

  private static void backward(
      Backend b, Spec s, Operands x, float[] out, float[] lse, float[] dOut, float[][] d) {
    b.attention().backward(s, 0, s.units(), x.q, x.k, x.v, out, lse, dOut, d[0], d[1], d[2]);
  }

  private record Operands(float[] q, KvRows.Dense k, KvRows.Dense v, int out, int lse) {
    static Operands random(Spec s, Random random) {
      int rows = s.ranges().rows();
      return new Operands(
          floats(random, rows * s.heads() * s.headDim(), 1.5f),
          dense(s, s.headDim(), random, 1.5f),
          dense(s, s.valueDim(), random, 1f),
          rows * s.heads() * s.valueDim(),
          rows * s.heads());
    }

    private static KvRows.Dense dense(Spec s, int dim, Random random, float scale) {
      int keys = s.ranges().keys(0);
      int size = s.ranges().sequences() * keys * s.kvHeads() * dim;
      return new KvRows.Dense(floats(random, size, scale), keys, s.kvHeads(), dim);
    }
  }
}

package dev.ashlar.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ashlar.tensor.Parallel;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Products of every backend against the reference, around tile, panel and block borders. */
class MatMulKernelTest {
  private static final int[] ROWS = {1, 2, 5, 6, 7, 8, 13, 49, 100};
  private static final int[] COLUMNS = {1, 3, 15, 16, 17, 31, 63, 64, 65, 100, 257};
  private static final int[] DEPTHS = {1, 7, 16, 33, 100, 257};

  private interface Layout {
    void run(MatMulKernel kernel, Case c, float[] result);
  }

  /** Operands with offsets and row strides larger than their rows. */
  private record Case(int m, int n, int k, boolean add, float[] a, float[] b) {
    static Case random(int m, int n, int k, boolean add, Random random) {
      int wide = Math.max(m, Math.max(n, k));
      return new Case(
          m,
          n,
          k,
          add,
          floats(random, (wide + 3) * (wide + 5)),
          floats(random, (wide + 3) * (wide + 5)));
    }

    int ld() {
      return Math.max(m, Math.max(n, k)) + 3;
    }
  }

  private static final Layout[] LAYOUTS = {
    (kernel, c, y) ->
        kernel.xwt(c.m, c.n, c.k, c.a, 5, c.ld(), c.b, 2, c.ld(), y, 7, c.n + 2, c.add),
    (kernel, c, y) ->
        kernel.xw(c.m, c.n, c.k, c.a, 5, c.ld(), c.b, 2, c.ld(), y, 7, c.n + 2, c.add),
    (kernel, c, y) ->
        kernel.xtw(c.m, c.n, c.k, c.a, 5, c.ld(), c.b, 2, c.ld(), y, 7, c.n + 2, c.add),
  };

  static Iterable<Backend> backends() {
    return Backends.all();
  }

  @ParameterizedTest
  @MethodSource("backends")
  void agreesWithTheReference(Backend backend) {
    Random random = new Random(1);
    for (int m : ROWS) {
      for (int n : COLUMNS) {
        check(backend, Case.random(m, n, DEPTHS[random.nextInt(DEPTHS.length)], false, random));
        check(backend, Case.random(m, n, DEPTHS[random.nextInt(DEPTHS.length)], true, random));
      }
    }
    for (int k : DEPTHS) {
      check(backend, Case.random(7, 65, k, random.nextBoolean(), random));
    }
    check(backend, Case.random(13, 70, 1300, true, random));
    check(backend, Case.random(1, 70, 1300, false, random));
    check(backend, Case.random(5, 3, 0, false, random));
    check(backend, Case.random(5, 3, 0, true, random));
  }

  @ParameterizedTest
  @MethodSource("backends")
  void doesNotDependOnThreads(Backend backend) {
    Random random = new Random(2);
    int[][] shapes = {{130, 300, 700}, {1, 900, 300}, {3, 2000, 64}, {600, 20, 90}};
    for (int[] s : shapes) {
      Case c = Case.random(s[0], s[1], s[2], true, random);
      float[] start = floats(random, c.m * (c.n + 2) + 7);
      for (Layout layout : LAYOUTS) {
        float[] one = start.clone();
        Parallel.limited(
            1,
            () -> {
              layout.run(backend.matMul(), c, one);
              return null;
            });
        for (int threads = 2; threads <= 4; threads++) {
          float[] many = start.clone();
          Parallel.limited(
              threads,
              () -> {
                layout.run(backend.matMul(), c, many);
                return null;
              });
          assertArrayEquals(one, many);
        }
      }
    }
  }

  /** Sums in lanes must not change when the compiler gets to them. */
  @ParameterizedTest
  @MethodSource("backends")
  void bitsAreTheSameColdAndHot(Backend backend) {
    Case[] cases = {
      Case.random(13, 70, 40, false, new Random(4)), Case.random(2, 21, 100, false, new Random(5))
    };
    for (Case c : cases) {
      for (Layout layout : LAYOUTS) {
        float[] first = new float[c.m * (c.n + 2) + 9];
        layout.run(backend.matMul(), c, first);
        for (int i = 0; i < 400; i++) {
          float[] y = new float[first.length];
          layout.run(backend.matMul(), c, y);
          assertArrayEquals(first, y, "call " + i);
        }
      }
    }
  }

  private static void check(Backend backend, Case c) {
    for (Layout layout : LAYOUTS) {
      float[] start = floats(new Random(3), c.m * (c.n + 2) + 9);
      float[] expected = start.clone();
      float[] found = start.clone();
      layout.run(Backends.reference().matMul(), c, expected);
      layout.run(backend.matMul(), c, found);
      // Each of the k products and sums rounds once; operands are below 1.
      double bound = 1.2e-7 * (c.k + 2) * Math.max(1, Math.sqrt(c.k) / 2);
      for (int i = 0; i < expected.length; i++) {
        assertEquals(expected[i], found[i], bound, c.m + "x" + c.n + "x" + c.k + " at " + i);
      }
    }
  }

  private static float[] floats(Random random, int n) {
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = random.nextFloat() * 2 - 1;
    }
    return x;
  }
}

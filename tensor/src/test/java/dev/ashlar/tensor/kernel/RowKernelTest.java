package dev.ashlar.tensor.kernel;

import static dev.ashlar.tensor.kernel.KernelTesting.LENGTHS;
import static dev.ashlar.tensor.kernel.KernelTesting.assertClose;
import static dev.ashlar.tensor.kernel.KernelTesting.floats;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Norms, softmax and losses of every backend against the reference, and their sums' bits. */
class RowKernelTest {
  private static final int ROWS = 3;

  static Iterable<Backend> backends() {
    return Backends.all();
  }

  @ParameterizedTest
  @MethodSource("backends")
  void rmsNormAgrees(Backend backend) {
    Random random = new Random(41);
    for (int dim : LENGTHS) {
      float[] x = floats(random, ROWS * dim, 3f);
      float[] dy = floats(random, ROWS * dim, 1f);
      for (float[] w : new float[][] {null, floats(random, dim, 2f)}) {
        float[][] e = {new float[ROWS * dim], new float[ROWS]};
        float[][] f = {new float[ROWS * dim], new float[ROWS]};
        Backends.reference().norm().rms(0, ROWS, dim, 1e-5f, x, w, e[0], e[1]);
        backend.norm().rms(0, 1, dim, 1e-5f, x, w, f[0], f[1]);
        backend.norm().rms(1, ROWS, dim, 1e-5f, x, w, f[0], f[1]);
        assertClose(e[0], f[0], 1e-6, 1e-7, "rms of " + dim);
        assertClose(e[1], f[1], 1e-6, 0, "factor of " + dim);
        for (boolean add : new boolean[] {false, true}) {
          float[][] de = {x.clone(), new float[dim]};
          float[][] df = {x.clone(), new float[dim]};
          Backends.reference().norm().rmsBackward(0, ROWS, dim, x, w, e[1], dy, de[0], add, de[1]);
          backend.norm().rmsBackward(0, ROWS, dim, x, w, e[1], dy, df[0], add, df[1]);
          assertClose(de[0], df[0], 2e-6, 3e-6, "rms gradient of " + dim);
          assertClose(de[1], df[1], 2e-6, 2e-6, "rms weight gradient of " + dim);
          backend.norm().rmsBackward(0, ROWS, dim, x, w, e[1], dy, null, add, df[1]);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void layerNormAgrees(Backend backend) {
    Random random = new Random(42);
    for (int dim : LENGTHS) {
      float[] x = floats(random, ROWS * dim, 3f);
      float[] dy = floats(random, ROWS * dim, 1f);
      for (float[] w : new float[][] {null, floats(random, dim, 2f)}) {
        float[] bias = w == null ? null : floats(random, dim, 1f);
        float[][] e = {new float[ROWS * dim], new float[ROWS], new float[ROWS]};
        float[][] f = {new float[ROWS * dim], new float[ROWS], new float[ROWS]};
        Backends.reference().norm().layer(0, ROWS, dim, 1e-1f, x, w, bias, e[0], e[1], e[2]);
        backend.norm().layer(0, ROWS, dim, 1e-1f, x, w, bias, f[0], f[1], f[2]);
        assertClose(e[0], f[0], 3e-6, 3e-6, "layer norm of " + dim);
        assertClose(e[1], f[1], 1e-6, 1e-6, "mean of " + dim);
        assertClose(e[2], f[2], 2e-6, 0, "factor of " + dim);
        for (boolean add : new boolean[] {false, true}) {
          float[][] de = {x.clone(), new float[dim], new float[dim]};
          float[][] df = {x.clone(), new float[dim], new float[dim]};
          layerBackward(Backends.reference(), dim, x, w, e, dy, de, add);
          layerBackward(backend, dim, x, w, e, dy, df, add);
          assertClose(de[0], df[0], 3e-6, 1e-5, "layer norm gradient of " + dim);
          assertClose(de[1], df[1], 2e-6, 2e-6, "weight gradient of " + dim);
          assertClose(de[2], df[2], 2e-6, 2e-6, "bias gradient of " + dim);
        }
      }
    }
  }

  private static void layerBackward(
      Backend b, int dim, float[] x, float[] w, float[][] e, float[] dy, float[][] d, boolean add) {
    b.norm().layerBackward(0, ROWS, dim, x, w, e[1], e[2], dy, d[0], add, d[1], d[2]);
  }

  @ParameterizedTest
  @MethodSource("backends")
  void softmaxAgrees(Backend backend) {
    Random random = new Random(43);
    for (int dim : LENGTHS) {
      float[] x = floats(random, ROWS * dim, 10f);
      x[0] = -1e30f;
      x[dim] = Float.NEGATIVE_INFINITY;
      if (dim == 1) {
        x[dim] = 0f;
      }
      float[] dy = floats(random, ROWS * dim, 1f);
      float[] e = new float[ROWS * dim];
      float[] f = new float[ROWS * dim];
      Backends.reference().softmax().forward(0, ROWS, dim, x, e);
      backend.softmax().forward(0, ROWS, dim, x, f);
      assertClose(e, f, 2e-6, 1e-12, "softmax of " + dim);
      float[] inPlace = x.clone();
      backend.softmax().forward(0, ROWS, dim, inPlace, inPlace);
      assertArrayEquals(f, inPlace);
      for (boolean add : new boolean[] {false, true}) {
        float[] de = dy.clone();
        float[] df = dy.clone();
        Backends.reference().softmax().backward(0, ROWS, dim, e, dy, de, add);
        backend.softmax().backward(0, ROWS, dim, e, dy, df, add);
        assertClose(de, df, 1e-6, 1e-6, "softmax gradient of " + dim);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void crossEntropyAgrees(Backend backend) {
    Random random = new Random(44);
    int[] targets = {0, -1, 0};
    for (int vocab : new int[] {1, 5, 16, 33, 257, 5000}) {
      targets[2] = vocab - 1;
      float[] x = floats(random, ROWS * vocab, 12f);
      double[][] losses = {new double[ROWS], new double[ROWS]};
      float[][] lse = {new float[ROWS], new float[ROWS]};
      Backends.reference().loss().crossEntropy(0, ROWS, vocab, x, targets, losses[0], lse[0]);
      backend.loss().crossEntropy(0, ROWS, vocab, x, targets, losses[1], lse[1]);
      assertClose(lse[0], lse[1], 1e-6, 1e-6, "lse of " + vocab);
      assertArrayEquals(losses[0], losses[1], 1e-6, "losses of " + vocab);
      float[] start = floats(random, ROWS * vocab, 1f);
      for (boolean add : new boolean[] {false, true}) {
        float[] e = start.clone();
        float[] f = start.clone();
        entropyBackward(Backends.reference(), vocab, x, targets, lse[0], e, add);
        entropyBackward(backend, vocab, x, targets, lse[0], f, add);
        assertClose(e, f, 2e-6, 1e-10, "cross entropy gradient of " + vocab);
      }
    }
  }

  private static void entropyBackward(
      Backend b, int vocab, float[] x, int[] targets, float[] lse, float[] d, boolean add) {
    b.loss().crossEntropyBackward(0, ROWS, vocab, x, targets, lse, 0.3f, d, add);
  }

  @ParameterizedTest
  @MethodSource("backends")
  void squaredErrorAgrees(Backend backend) {
    Random random = new Random(45);
    for (int n : LENGTHS) {
      float[] p = floats(random, n + 4, 2f);
      float[] y = floats(random, n + 4, 2f);
      double e = Backends.reference().loss().squaredError(3, n, p, y);
      assertEquals(e, backend.loss().squaredError(3, n, p, y), 1e-7 * e + 1e-12, "on " + n);
      for (boolean add : new boolean[] {false, true}) {
        float[] de = y.clone();
        float[] df = y.clone();
        Backends.reference().loss().squaredErrorBackward(3, n, p, y, 0.7f, de, add);
        backend.loss().squaredErrorBackward(3, n, p, y, 0.7f, df, add);
        assertClose(de, df, 2e-6, 5e-7, "gradient on " + n);
      }
    }
  }

  /** Sums in lanes must not change when the compiler gets to them. */
  @ParameterizedTest
  @MethodSource("backends")
  void bitsAreTheSameColdAndHot(Backend backend) {
    Random random = new Random(46);
    int dim = 1030;
    float[] x = floats(random, dim, 5f);
    float[] w = floats(random, dim, 1f);
    float[] first = null;
    for (int i = 0; i < 3000; i++) {
      float[] y = new float[3 * dim + 4];
      float[] out = new float[dim];
      float[] stat = new float[1];
      backend.norm().rms(0, 1, dim, 1e-5f, x, w, out, stat);
      System.arraycopy(out, 0, y, 0, dim);
      backend.softmax().forward(0, 1, dim, x, out);
      System.arraycopy(out, 0, y, dim, dim);
      double[] loss = new double[1];
      backend.loss().crossEntropy(0, 1, dim, x, new int[] {7}, loss, stat);
      y[3 * dim] = (float) loss[0];
      y[3 * dim + 1] = (float) backend.loss().squaredError(0, dim, x, w);
      backend.activation().gated(ActivationKernel.Function.SILU, 0, dim, x, w, out);
      System.arraycopy(out, 0, y, 2 * dim, dim);
      if (first == null) {
        first = y;
      } else {
        assertArrayEquals(first, y, "call " + i);
      }
    }
  }
}

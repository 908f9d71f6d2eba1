package dev.ashlar.cli.bench;

import dev.ashlar.nn.device.DeviceKernels.Layout;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kernel.MatMulKernel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Float products of a linear layer [out, in] on a number of tokens, in the layouts of training. */
final class FloatCases {
  private FloatCases() {}

  private record Layer(int tokens, int out, int in) {
    @Override
    public String toString() {
      return tokens + "x" + out + "x" + in;
    }
  }

  /** Rows of a product, evenly spread, that are held against the reference's. */
  private static final int SAMPLE = 16;

  static List<Group> groups(boolean quick, Optional<BenchDevice> device) {
    List<Layer> layers = new ArrayList<>();
    if (quick) {
      layers.add(new Layer(256, 576, 576));
    } else {
      layers.add(new Layer(1024, 576, 576));
      layers.add(new Layer(1024, 1536, 576));
      layers.add(new Layer(1024, 576, 1536));
      layers.add(new Layer(2048, 2048, 2048));
    }
    List<Group> groups = new ArrayList<>();
    for (Layer layer : layers) {
      groups.add(new Group("float products", () -> cases(layer, device)));
    }
    return groups;
  }

  private static List<Case> cases(Layer layer, Optional<BenchDevice> device) {
    List<Case> cases = new ArrayList<>();
    // A call of the reference takes a second where it takes the vector kernels a hundredth.
    boolean few = layer.tokens() * (long) layer.out() * layer.in() < 1L << 29;
    if (few && Operands.backends().size() > 1) {
      new Products(layer, Backends.reference(), 1).addTo(cases);
    }
    for (int threads : Operands.threads()) {
      new Products(layer, Backends.chosen(), threads).addTo(cases);
    }
    device.ifPresent(d -> new Products(layer, Backends.chosen(), 1).addTo(cases, d));
    return cases;
  }

  /** The three products of a layer by one backend: x [m, k], w [n, k], y [m, n]. */
  private static final class Products {
    private final Layer layer;
    private final Backend backend;
    private final int threads;
    private final int m;
    private final int n;
    private final int k;
    private final float[] x;
    private final float[] w;
    private final float[] y;
    private final MatMulKernel reference = Backends.reference().matMul();

    Products(Layer layer, Backend backend, int threads) {
      this.layer = layer;
      this.backend = backend;
      this.threads = threads;
      this.m = layer.tokens();
      this.n = layer.out();
      this.k = layer.in();
      this.x = Operands.floats(m * k);
      this.w = Operands.floats(n * k);
      this.y = Operands.floats(m * n);
    }

    void addTo(List<Case> cases) {
      MatMulKernel kernel = backend.matMul();
      float[] out = new float[m * n];
      add(
          cases,
          "y = x·wᵀ ",
          () -> kernel.xwt(m, n, k, x, 0, k, w, 0, k, out, 0, n, false),
          new Check(() -> sample(out, n), this::forward, Check.SUMS));
      float[] dx = new float[m * k];
      add(
          cases,
          "dx = dy·w ",
          () -> kernel.xw(m, k, n, y, 0, n, w, 0, k, dx, 0, k, false),
          new Check(() -> sample(dx, k), this::inputGradient, Check.SUMS));
      float[] dw = new float[n * k];
      add(
          cases,
          "dw = dyᵀ·x ",
          () -> kernel.xtw(n, k, m, y, 0, n, x, 0, k, dw, 0, k, false),
          new Check(() -> sample(dw, k), this::weightGradient, Check.SUMS));
    }

    void addTo(List<Case> cases, BenchDevice device) {
      cases.add(
          device.product(
              "y = x·wᵀ " + layer, Layout.XWT, m, n, k, x, w, c -> sample(c, n), this::forward));
      cases.add(
          device.product(
              "dx = dy·w " + layer,
              Layout.XW,
              m,
              k,
              n,
              y,
              w,
              c -> sample(c, k),
              this::inputGradient));
      cases.add(
          device.product(
              "dw = dyᵀ·x " + layer,
              Layout.XTW,
              n,
              k,
              m,
              y,
              x,
              c -> sample(c, k),
              this::weightGradient));
    }

    private void add(List<Case> cases, String what, Runnable body, Check check) {
      double work = 2e-9 * m * n * k;
      cases.add(
          new Case(what + layer, backend.name(), threads, Bound.ARITHMETIC, work, body)
              .checked(check));
    }

    private float[] forward() {
      float[] rows = new float[SAMPLE * n];
      reference.xwt(SAMPLE, n, k, x, 0, m / SAMPLE * k, w, 0, k, rows, 0, n, false);
      return rows;
    }

    private float[] inputGradient() {
      float[] rows = new float[SAMPLE * k];
      reference.xw(SAMPLE, k, n, y, 0, m / SAMPLE * n, w, 0, k, rows, 0, k, false);
      return rows;
    }

    /** Rows of dw are columns of dy. */
    private float[] weightGradient() {
      float[] columns = new float[m * SAMPLE];
      for (int i = 0; i < columns.length; i++) {
        columns[i] = y[i / SAMPLE * n + i % SAMPLE * (n / SAMPLE)];
      }
      float[] rows = new float[SAMPLE * k];
      reference.xtw(SAMPLE, k, m, columns, 0, SAMPLE, x, 0, k, rows, 0, k, false);
      return rows;
    }

    private static float[] sample(float[] matrix, int width) {
      int step = matrix.length / width / SAMPLE;
      float[] rows = new float[SAMPLE * width];
      for (int i = 0; i < SAMPLE; i++) {
        System.arraycopy(matrix, i * step * width, rows, i * width, width);
      }
      return rows;
    }
  }
}

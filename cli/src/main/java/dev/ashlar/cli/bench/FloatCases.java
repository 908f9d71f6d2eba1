package dev.ashlar.cli.bench;

import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kernel.MatMulKernel;
import java.util.ArrayList;
import java.util.List;

/** Float products of a linear layer [out, in] on a number of tokens, in the layouts of training. */
final class FloatCases {
  private FloatCases() {}

  private record Layer(int tokens, int out, int in) {
    @Override
    public String toString() {
      return tokens + "x" + out + "x" + in;
    }
  }

  static List<Group> groups(boolean quick) {
    List<Layer> layers = new ArrayList<>();
    layers.add(new Layer(1024, 576, 576));
    if (!quick) {
      layers.add(new Layer(1024, 1536, 576));
      layers.add(new Layer(1024, 576, 1536));
      layers.add(new Layer(2048, 2048, 2048));
    }
    List<Group> groups = new ArrayList<>();
    for (Layer layer : layers) {
      groups.add(new Group("float products", () -> cases(layer)));
    }
    return groups;
  }

  private static List<Case> cases(Layer layer) {
    List<Case> cases = new ArrayList<>();
    if (layer.tokens() * (long) layer.out() * layer.in() < 1L << 29) {
      add(cases, new Layer(16, layer.out(), layer.in()), Backends.reference(), 1);
    }
    for (int threads : Operands.threads()) {
      add(cases, layer, Backends.chosen(), threads);
    }
    return cases;
  }

  private static void add(List<Case> cases, Layer l, Backend backend, int threads) {
    int m = l.tokens();
    int n = l.out();
    int k = l.in();
    float[] x = Operands.floats(m * k);
    float[] w = Operands.floats(n * k);
    float[] y = Operands.floats(m * n);
    float[] dx = new float[x.length];
    float[] dw = new float[w.length];
    float[] out = new float[y.length];
    MatMulKernel kernel = backend.matMul();
    double work = 2e-9 * m * n * k;
    Runnable forward = () -> kernel.xwt(m, n, k, x, 0, k, w, 0, k, out, 0, n, false);
    Runnable input = () -> kernel.xw(m, k, n, y, 0, n, w, 0, k, dx, 0, k, false);
    Runnable weight = () -> kernel.xtw(n, k, m, y, 0, n, x, 0, k, dw, 0, k, false);
    String name = backend.name();
    cases.add(new Case("y = x·wᵀ " + l, name, threads, Bound.ARITHMETIC, work, forward));
    cases.add(new Case("dx = dy·w " + l, name, threads, Bound.ARITHMETIC, work, input));
    cases.add(new Case("dw = dyᵀ·x " + l, name, threads, Bound.ARITHMETIC, work, weight));
  }
}

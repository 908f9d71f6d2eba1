package dev.ashlar.cli.bench;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kernel.FakeQuantKernel;
import dev.ashlar.tensor.quant.IntegerGrid;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The quantizer of a tuning step, on a matrix that comes from memory. */
final class QuantizeCases {
  private static final int OUT = 4096;
  private static final int IN = 2048;
  private static final int GRAIN = 8;

  private QuantizeCases() {}

  static List<Group> groups() {
    return List.of(new Group("fake-quantize", QuantizeCases::cases));
  }

  private static List<Case> cases() {
    IntegerGrid scheme = new IntegerGrid(4, 128, false);
    int groups = OUT * scheme.groups(IN);
    float[] w = Operands.floats(OUT * IN);
    float[] min = new float[groups];
    float[] max = new float[groups];
    Backends.chosen().fakeQuant().range(scheme, 0, OUT, IN, w, min, max);
    float[] ones = new float[groups];
    Arrays.fill(ones, 1f);
    FakeQuantKernel.Parameters p =
        new FakeQuantKernel.Parameters(
            scheme, OUT, IN, w, min, max, new float[w.length], ones, ones.clone());
    float[] quantized = new float[w.length];
    float[] scales = new float[groups];
    byte[] zeros = new byte[groups];
    List<Case> cases = new ArrayList<>();
    add(cases, Backends.reference(), 1, OUT / 32, p, quantized, scales, zeros);
    for (int threads : Operands.threads()) {
      add(cases, Backends.chosen(), threads, OUT, p, quantized, scales, zeros);
    }
    return cases;
  }

  /** The forward writes ŵ, which then passes for its own gradient: any numbers do. */
  private static void add(
      List<Case> cases,
      Backend backend,
      int threads,
      int rows,
      FakeQuantKernel.Parameters p,
      float[] quantized,
      float[] scales,
      byte[] zeros) {
    FakeQuantKernel k = backend.fakeQuant();
    Runnable forward =
        () ->
            Parallel.rows(
                rows, GRAIN, (from, to) -> k.forward(p, from, to, quantized, null, scales, zeros));
    // A step so short that the parameters stay what they are.
    Runnable step =
        () ->
            Parallel.rows(
                rows,
                GRAIN,
                (from, to) -> k.signStep(p, from, to, quantized, scales, zeros, 1e-30f, 1e-30f));
    String name = " " + rows + "x" + IN + " 4 bits g128";
    double elements = 1e-9 * rows * IN;
    cases.add(
        new Case("forward" + name, backend.name(), threads, Bound.MEMORY, 12 * elements, forward));
    cases.add(
        new Case("sign step" + name, backend.name(), threads, Bound.MEMORY, 16 * elements, step));
  }
}

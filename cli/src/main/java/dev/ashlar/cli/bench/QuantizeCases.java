package dev.ashlar.cli.bench;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kernel.FakeQuantKernel;
import dev.ashlar.tensor.quant.IntegerGrid;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** The quantizer of a tuning step, on a matrix that comes from memory. */
final class QuantizeCases {
  private static final int OUT = 4096;
  private static final int IN = 2048;
  private static final int GRAIN = 8;

  /** Rows that the reference takes, which is slow. */
  private static final int FEW = OUT / 32;

  /** A sign may be another one where a gradient is all but zero: a few of some hundred thousand. */
  private static final double SIGNS = 1e-2;

  /** Long enough to be seen. */
  private static final float STEP = 0.01f;

  private QuantizeCases() {}

  static List<Group> groups(Optional<BenchDevice> device) {
    return List.of(new Group("fake-quantize", () -> cases(device)));
  }

  private static List<Case> cases(Optional<BenchDevice> device) {
    IntegerGrid scheme = new IntegerGrid(4, 128, false);
    int groups = OUT * scheme.groups(IN);
    float[] w = Operands.floats(OUT * IN);
    float[] min = new float[groups];
    float[] max = new float[groups];
    Backends.chosen().fakeQuant().range(scheme, 0, OUT, IN, w, min, max);
    Supplier<FakeQuantKernel.Parameters> untrained =
        () -> {
          float[] ones = new float[groups];
          Arrays.fill(ones, 1f);
          return new FakeQuantKernel.Parameters(
              scheme, OUT, IN, w, min, max, new float[w.length], ones, ones.clone());
        };
    Supplier<Quantizer> reference =
        Operands.once(() -> new Quantizer(Backends.reference(), FEW, untrained));
    List<Case> cases = new ArrayList<>();
    if (Operands.backends().size() > 1) {
      reference.get().addTo(cases, 1, reference);
    }
    Quantizer quantizer = new Quantizer(Backends.chosen(), OUT, untrained);
    for (int threads : Operands.threads()) {
      quantizer.addTo(cases, threads, reference);
    }
    device.ifPresent(
        d -> new Quantizer(Backends.chosen(), OUT, untrained).addTo(cases, d, reference));
    return cases;
  }

  /** The quantizer of a backend on the first rows of a matrix. */
  private static final class Quantizer {
    private final Backend backend;
    private final int rows;
    private final Supplier<FakeQuantKernel.Parameters> untrained;
    private final FakeQuantKernel.Parameters p;
    private final float[] quantized;
    private final float[] scales;
    private final byte[] zeros;

    Quantizer(Backend backend, int rows, Supplier<FakeQuantKernel.Parameters> untrained) {
      this.backend = backend;
      this.rows = rows;
      this.untrained = untrained;
      this.p = untrained.get();
      this.quantized = new float[p.weight().length];
      this.scales = new float[p.wMin().length];
      this.zeros = new byte[scales.length];
    }

    /** The forward writes ŵ, which then passes for its own gradient: any numbers do. */
    void addTo(List<Case> cases, int threads, Supplier<Quantizer> reference) {
      String name = " " + rows + "x" + IN + " 4 bits g128";
      double elements = 1e-9 * rows * IN;
      Runnable forward = () -> forward(p, rows);
      // A step so short that the parameters stay what they are.
      Runnable step = () -> step(p, rows, 1e-30f);
      cases.add(
          new Case("forward" + name, backend.name(), threads, Bound.MEMORY, 12 * elements, forward)
              .checked(new Check(this::first, () -> reference.get().fewQuantized(), Check.SUMS)));
      cases.add(
          new Case("sign step" + name, backend.name(), threads, Bound.MEMORY, 16 * elements, step)
              .prepared(forward)
              .checked(new Check(this::fewTrained, () -> reference.get().fewTrained(), SIGNS)));
    }

    /** The same on a device, where each further step is taken from where the last one ended. */
    void addTo(List<Case> cases, BenchDevice device, Supplier<Quantizer> reference) {
      String name = " " + rows + "x" + IN + " 4 bits g128";
      double elements = 1e-9 * rows * IN;
      cases.add(
          device.kernel(
              "forward" + name,
              Bound.MEMORY,
              12 * elements,
              () -> device.kernels().fakeQuantize(p),
              found -> Arrays.copyOf(found, FEW * IN),
              () -> reference.get().fewQuantized(),
              Check.SUMS));
      cases.add(
          device.kernel(
              "sign step" + name,
              Bound.MEMORY,
              16 * elements,
              () -> {
                forward(p, rows);
                return device.kernels().signStep(p, quantized, scales, zeros, STEP);
              },
              found -> Arrays.copyOf(found, FEW * IN),
              () -> reference.get().fewTrained(),
              SIGNS));
    }

    private void forward(FakeQuantKernel.Parameters of, int count) {
      Parallel.rows(
          count,
          GRAIN,
          (from, to) -> backend.fakeQuant().forward(of, from, to, quantized, null, scales, zeros));
    }

    private void step(FakeQuantKernel.Parameters of, int count, float lr) {
      Parallel.rows(
          count,
          GRAIN,
          (from, to) ->
              backend.fakeQuant().signStep(of, from, to, quantized, scales, zeros, lr, lr));
    }

    private float[] first() {
      return Arrays.copyOf(quantized, FEW * IN);
    }

    private float[] fewQuantized() {
      forward(p, FEW);
      return first();
    }

    /** The offsets of rounding after a step that is long enough to be seen. */
    private float[] fewTrained() {
      FakeQuantKernel.Parameters fresh = untrained.get();
      forward(fresh, FEW);
      step(fresh, FEW, STEP);
      return Arrays.copyOf(fresh.value(), FEW * IN);
    }
  }
}

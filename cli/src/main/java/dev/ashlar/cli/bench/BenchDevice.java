package dev.ashlar.cli.bench;

import dev.ashlar.cli.bench.report.Transfer;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.device.DeviceDecoder;
import dev.ashlar.nn.device.DeviceKernels;
import dev.ashlar.nn.device.DeviceKernels.Layout;
import dev.ashlar.nn.device.DeviceKernels.Work;
import dev.ashlar.nn.device.DeviceProvider;
import dev.ashlar.tensor.kernel.Availability;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * A device that is measured beside the processor. Its work is set up when it is first needed, and
 * taken off the device when its group has been measured.
 */
public final class BenchDevice {
  /** Work items of the arithmetic's ceiling: more than any device has at a time. */
  private static final int ITEMS = 1 << 18;

  /** Long enough that starting a kernel is nothing beside it. */
  private static final long CEILING_NANOS = 5_000_000;

  private static final int FEWEST_STEPS = 128;
  private static final int MOST_STEPS = 1 << 15;

  /** Ways back whose median counts. */
  private static final int WAYS = 3;

  private final DeviceProvider provider;
  private final int index;
  private final DeviceKernels kernels;
  private final List<AutoCloseable> open = new ArrayList<>();

  /**
   * A device that is there.
   *
   * @throws dev.ashlar.nn.device.DeviceException if the provider has no single kernels
   */
  public BenchDevice(DeviceProvider provider, int index) {
    this.provider = provider;
    this.index = index;
    this.kernels = provider.kernels(index);
  }

  /** As it is asked for, {@code tornado:0}, which its lines' backend is called. */
  String name() {
    return provider.name() + ":" + index;
  }

  /** What it is and what drives it, for people. */
  String description() {
    return provider.devices().get(index).name()
        + (provider.availability() instanceof Availability.Ready ready
            ? ", " + ready.reason()
            : "");
  }

  DeviceKernels kernels() {
    return kernels;
  }

  /**
   * A kernel whose operands stay on the device.
   *
   * @param work as the processor's case has it
   * @param setUp called once, when the case is prepared
   * @param part of the result, as much as is expected
   */
  Case kernel(
      String name,
      Bound bound,
      double work,
      Supplier<Work> setUp,
      UnaryOperator<float[]> part,
      Supplier<float[]> expected,
      double tolerance) {
    Supplier<Work> there = Operands.once(() -> kept(setUp.get()));
    return new Case(name, name(), 1, bound.onDevice(), work, () -> there.get().run())
        .prepared(there::get)
        .checked(new Check(() -> part.apply(there.get().result().values()), expected, tolerance))
        .moving(() -> ways(there.get()));
  }

  private static Transfer ways(Work work) {
    long[] back = new long[WAYS];
    for (int i = 0; i < WAYS; i++) {
      back[i] = work.result().nanos();
    }
    Arrays.sort(back);
    return new Transfer(1e-9 * work.nanosToDevice(), 1e-9 * back[WAYS / 2]);
  }

  /** A float product of whole matrices. */
  Case product(
      String name,
      Layout layout,
      int m,
      int n,
      int k,
      float[] a,
      float[] b,
      UnaryOperator<float[]> part,
      Supplier<float[]> expected) {
    return kernel(
        name,
        Bound.ARITHMETIC,
        2e-9 * m * n * k,
        () -> kernels.product(layout, m, n, k, a, b),
        part,
        expected,
        Check.SUMS);
  }

  /**
   * Puts a decoder there.
   *
   * @param tokens that all its sequences have room for
   */
  DeviceDecoder decoder(DecoderSpec spec, WeightSource source, int tokens) {
    return kept(provider.open(spec, source, new DeviceProvider.Options(index, tokens)));
  }

  private <T extends AutoCloseable> T kept(T it) {
    open.add(it);
    return it;
  }

  /** Frees what was set up since the last call. */
  void release() {
    List<AutoCloseable> all = List.copyOf(open);
    open.clear();
    for (AutoCloseable it : all) {
      try {
        it.close();
      } catch (RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /** What the device could do at best. */
  List<Case> ceilings() {
    int steps = steps();
    double operations = 2e-9 * DeviceKernels.CHAINS * ITEMS * steps;
    int floats = (int) (Operands.BEYOND_CACHES / Float.BYTES);
    Supplier<Work> arithmetic = Operands.once(() -> kept(kernels.multiplyAdds(ITEMS, steps)));
    float[] x = Operands.floats(floats);
    return List.of(
        new Case(
                Bound.DEVICE_ARITHMETIC.title(),
                name(),
                1,
                Bound.DEVICE_ARITHMETIC,
                operations,
                () -> arithmetic.get().run())
            .prepared(arithmetic::get),
        kernel(
            Bound.DEVICE_MEMORY.title(),
            Bound.DEVICE_MEMORY,
            8e-9 * floats,
            () -> kernels.copy(x),
            copy -> copy,
            () -> x,
            0));
  }

  /** As many as take long enough. */
  private int steps() {
    for (int steps = FEWEST_STEPS; ; steps *= 4) {
      try (Work trial = kernels.multiplyAdds(ITEMS, steps)) {
        trial.run();
        long start = System.nanoTime();
        trial.run();
        if (System.nanoTime() - start >= CEILING_NANOS || steps >= MOST_STEPS) {
          return steps;
        }
      }
    }
  }
}

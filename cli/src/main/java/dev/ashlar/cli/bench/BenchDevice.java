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
import java.util.Locale;
import java.util.concurrent.CancellationException;
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

  private static final long NANOS = 1_000_000_000;

  private static final int FEWEST_STEPS = 128;
  private static final int MOST_STEPS = 1 << 15;

  /** Seconds in which work has to be taken off the device, and its steps to be counted. */
  private static final int SHORT = 30;

  /** Ways back whose median counts. */
  private static final int WAYS = 3;

  private final DeviceProvider provider;
  private final int index;
  private final DeviceKernels kernels;
  private final List<AutoCloseable> open = new ArrayList<>();
  private final DeviceThread thread = new DeviceThread();

  /** When the time is up of what the device's thread does, in {@link System#nanoTime}. */
  private volatile long until = System.nanoTime() + Long.MAX_VALUE / 2;

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
   * How long a line may hold the device, its preparation and its comparison included.
   *
   * @param of whose line it is
   * @param end of the run
   */
  Limit limit(Case of, int seconds, Deadline end) {
    return new LineLimit(of.toString(), seconds, end);
  }

  /** Whether the time is up of what the device's thread, which asks, is doing. */
  boolean over() {
    return until - System.nanoTime() <= 0;
  }

  /** Everything by the device's thread, as long as the line has time. */
  private final class LineLimit implements Limit {
    private final String line;
    private final int seconds;
    private final Deadline end;
    private long used;

    LineLimit(String line, int seconds, Deadline end) {
      this.line = line;
      this.seconds = seconds;
      this.end = end;
    }

    @Override
    public void run(String part, Runnable body) {
      long start = System.nanoTime();
      long left = Math.min(NANOS * seconds - used, end.nanosLeft());
      if (left <= 0) {
        throw tooLong(part);
      }
      try {
        if (!thread.run(line, () -> beginning(start + left, body), left)) {
          throw tooLong(part);
        }
      } catch (CancellationException e) {
        throw tooLong(part);
      } finally {
        used += System.nanoTime() - start;
      }
    }

    /** Set when the part begins: until then another one, which was given up, may go on. */
    private void beginning(long over, Runnable body) {
      until = over;
      body.run();
    }

    private NotMeasured tooLong(String part) {
      return end.nanosLeft() <= 0
          ? end.over()
          : new NotMeasured(part + " had not ended after " + seconds + " s in all");
    }

    @Override
    public void require(double call, int calls) {
      if (NANOS * call * calls > until - System.nanoTime()) {
        throw new NotMeasured(
            String.format(
                Locale.ROOT,
                "a call takes %.1f s, and %d rounds more do not fit into %s",
                call,
                calls,
                NANOS * call * calls > end.nanosLeft()
                    ? "the run's " + end.seconds() + " s"
                    : seconds + " s for a line"));
      }
    }
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

  /** Frees what was set up since the last call, as soon as the device is not busy any more. */
  void release() {
    try {
      thread.afterwards("what was measured before", this::close, NANOS * SHORT);
    } catch (NotMeasured e) {
      // It is still busy, which the next line says, or failed at letting go what it then keeps.
    }
  }

  private void close() {
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

  /**
   * What the device could do at best.
   *
   * @param end of the run
   */
  List<Case> ceilings(Deadline end) {
    int[] enough = {FEWEST_STEPS};
    try {
      long nanos = Math.min(NANOS * SHORT, end.nanosLeft());
      thread.run("its ceilings", () -> enough[0] = steps(), nanos);
    } catch (NotMeasured e) {
      // The ceiling's own line will say it.
    }
    int steps = enough[0];
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

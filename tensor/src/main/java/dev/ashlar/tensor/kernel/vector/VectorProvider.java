package dev.ashlar.tensor.kernel.vector;

import dev.ashlar.tensor.kernel.Availability;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.BackendProvider;

/**
 * Offers the Vector API kernels. It names no type of the incubating module, so that it loads where
 * that module is missing and can say so.
 */
public final class VectorProvider implements BackendProvider {
  private static final String MODULE = "jdk.incubator.vector";

  /** A fused multiply-add takes nanoseconds as an instruction, microseconds as a library call. */
  private static final long SLOW_FMA_NANOS = 1_000;

  /** Of a vector: sums have as many partial sums as four of these have lanes. */
  private static final int LEAST_BITS = 128;

  private static final int FMA_CALLS = 100;
  private static final int FMA_TRIES = 5;

  private static final class Holder {
    static final Availability AVAILABILITY = find();
  }

  /** Made by {@code ServiceLoader}. */
  public VectorProvider() {}

  @Override
  public String name() {
    return "vector";
  }

  @Override
  public int priority() {
    return 100;
  }

  /**
   * Slow without the optimizing compiler or the multiply-add instruction: every vector operation is
   * a library call then.
   */
  @Override
  public Availability availability() {
    return Holder.AVAILABILITY;
  }

  private static Availability find() {
    if (ModuleLayer.boot().findModule(MODULE).isEmpty()) {
      return new Availability.Absent(
          "the Vector API is not enabled, start java with --add-modules " + MODULE);
    }
    String mode = System.getProperty("java.vm.info", "");
    if (mode.contains("interpreted") || mode.contains("emulated-client")) {
      return new Availability.Slow("java runs without its optimizing compiler (" + mode + ")");
    }
    if (PreferredWidth.bits() < LEAST_BITS) {
      return new Availability.Absent(
          "this processor, or the flags of java, lack vectors of " + LEAST_BITS + " bits");
    }
    return fmaNanos() > SLOW_FMA_NANOS
        ? new Availability.Slow(
            "this processor, or the flags of java, lack the multiply-add instruction")
        : new Availability.Ready(VectorBackend.INSTANCE.description());
  }

  /** Best of some tries, so that losing the core in one of them does not matter. */
  private static long fmaNanos() {
    long best = Long.MAX_VALUE;
    float x = 1;
    for (int t = 0; t < FMA_TRIES; t++) {
      long start = System.nanoTime();
      for (int i = 0; i < FMA_CALLS; i++) {
        x = Math.fma(x, 0.5f, 0.3f);
      }
      best = Math.min(best, System.nanoTime() - start);
    }
    return x > 0 ? best / FMA_CALLS : 0;
  }

  @Override
  public Backend backend() {
    return VectorBackend.INSTANCE;
  }
}

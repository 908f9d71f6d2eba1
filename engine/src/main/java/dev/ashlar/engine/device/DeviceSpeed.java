package dev.ashlar.engine.device;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * How fast a device is beside the processor, as it was measured once.
 *
 * @param device as it is asked for, {@code tornado:0}
 * @param measuredOn what the figures belong to, by {@link Surroundings}; with other surroundings
 *     they say nothing
 * @param sizes from small to large, at least one
 */
public record DeviceSpeed(String device, Map<String, String> measuredOn, List<Size> sizes) {
  /**
   * Seconds of a block, on both.
   *
   * @param device on the device
   * @param processor by the process's backend, on all its threads
   */
  public record Seconds(double device, double processor) {
    public Seconds {
      if (!(device > 0 && processor > 0 && device < 1e6 && processor < 1e6)) {
        throw new IllegalArgumentException("no seconds: " + device + " and " + processor);
      }
    }

    /** Whether the device is faster. */
    public boolean gains() {
      return device < processor;
    }
  }

  /**
   * What was measured of blocks of one size.
   *
   * @param weights of the linear maps of a block
   * @param start seconds that a block takes on the device once, before its first token: compiling,
   *     and the way of its weights
   * @param token of a token that comes alone
   * @param prompt of each token of a prompt
   */
  public record Size(long weights, double start, Seconds token, Seconds prompt) {
    public Size {
      if (weights < 1 || !(start >= 0 && start < 1e6)) {
        throw new IllegalArgumentException("no size: " + weights + " weights, " + start + " s");
      }
    }

    /** Whether there is work that the device is faster at, once it has begun. */
    public boolean gains() {
      return token.gains() || prompt.gains();
    }
  }

  public DeviceSpeed {
    measuredOn = Map.copyOf(measuredOn);
    sizes = List.copyOf(sizes);
    if (sizes.isEmpty()) {
      throw new IllegalArgumentException("nothing was measured");
    }
    for (int i = 1; i < sizes.size(); i++) {
      if (sizes.get(i).weights() <= sizes.get(i - 1).weights()) {
        throw new IllegalArgumentException("sizes are not in their order");
      }
    }
  }

  /** Whether there is any size, and work, at which the device is faster. */
  public boolean gains() {
    return sizes.stream().anyMatch(Size::gains);
  }

  /** What differs from the surroundings in which it was measured, in words; empty if nothing. */
  public List<String> differences(Map<String, String> now) {
    List<String> all = new ArrayList<>();
    Map<String, String> names = new TreeMap<>(now);
    names.putAll(measuredOn);
    for (String name : names.keySet()) {
      String then = measuredOn.getOrDefault(name, "none");
      String here = now.getOrDefault(name, "none");
      if (!then.equals(here)) {
        all.add(name + " was " + then + " and is " + here);
      }
    }
    return all;
  }

  /**
   * Whether the device would have done the work before the processor, going by these figures.
   *
   * @param begun whether the model is on the device already
   */
  boolean pays(ModelWeights model, Workload work, boolean begun) {
    double device = begun ? 0 : sum(model, this::start);
    double processor = 0;
    device += work.read() * sum(model, w -> onDevice(w, Size::prompt));
    processor += work.read() * sum(model, w -> onProcessor(w, Size::prompt));
    // The head is computed for tokens that are written; it is as a block of its size.
    device += work.written() * (sum(model, this::token) + token(model.head()));
    ToDoubleFunction<Long> here = w -> onProcessor(w, Size::token);
    processor += work.written() * (sum(model, here) + here.applyAsDouble(model.head()));
    return device < processor;
  }

  private static double sum(ModelWeights model, ToDoubleFunction<Long> seconds) {
    return model.blocks().stream().mapToDouble(seconds).sum();
  }

  private double token(long weights) {
    return onDevice(weights, Size::token);
  }

  private double onDevice(long weights, Function<Size, Seconds> what) {
    return at(weights, s -> what.apply(s).device(), false);
  }

  private double onProcessor(long weights, Function<Size, Seconds> what) {
    return at(weights, s -> what.apply(s).processor(), true);
  }

  private double start(long weights) {
    return at(weights, Size::start, false);
  }

  /**
   * Between two sizes by a straight line; above the largest in proportion. Below the smallest in
   * proportion on a processor, while a device's smallest time is what it takes to begin.
   */
  private double at(long weights, ToDoubleFunction<Size> seconds, boolean proportional) {
    Size first = sizes.getFirst();
    Size last = sizes.getLast();
    if (weights <= first.weights()) {
      double share = proportional ? (double) weights / first.weights() : 1;
      return share * seconds.applyAsDouble(first);
    }
    if (weights >= last.weights()) {
      return seconds.applyAsDouble(last) * weights / last.weights();
    }
    int i = 1;
    while (sizes.get(i).weights() < weights) {
      i++;
    }
    Size below = sizes.get(i - 1);
    Size above = sizes.get(i);
    double share = (double) (weights - below.weights()) / (above.weights() - below.weights());
    return (1 - share) * seconds.applyAsDouble(below) + share * seconds.applyAsDouble(above);
  }
}

package dev.ashlar.tuning.layerwise;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.GroupQuantizer;
import dev.ashlar.tuning.method.LinearLayer;
import dev.ashlar.tuning.method.LinearQuantizer;
import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.method.ObservedWeight;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.method.UnitResult;
import dev.ashlar.tuning.method.UnitSize;
import dev.ashlar.tuning.method.UnitTask;
import dev.ashlar.tuning.walk.BlockWalk;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Lifts methods for linear maps to units: observes the inputs of all layers in one pass, or of one
 * group after the other, then solves each.
 */
public final class Layerwise implements BlockQuantizer {
  private final GroupQuantizer quantizer;
  private final String description;
  private final Optional<LinearQuantizer> alone;

  /** Time spent on observing, for the estimate. */
  private long observing;

  /**
   * @param description everything that decides what codes come out, as one line
   */
  public Layerwise(GroupQuantizer quantizer, String description) {
    this(quantizer, description, Optional.empty());
  }

  /** The same for a method that takes one map at a time. */
  public Layerwise(LinearQuantizer quantizer, String description) {
    this(
        GroupQuantizer.each(quantizer),
        description,
        Optional.of(quantizer).filter(q -> !q.observes()));
  }

  private Layerwise(GroupQuantizer quantizer, String description, Optional<LinearQuantizer> alone) {
    this.quantizer = quantizer;
    this.description = description;
    this.alone = alone;
  }

  /**
   * A method without options that takes one map at a time, for callers who bring their own.
   *
   * @param description one line; begins small and has no full stop
   */
  public static Method method(String name, String description, LinearQuantizer quantizer) {
    return new Method() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public String description() {
        return description;
      }

      @Override
      public BlockQuantizer quantizer(MethodOptions options) {
        return new Layerwise(quantizer, name);
      }
    };
  }

  @Override
  public Optional<LinearQuantizer> alone() {
    return alone;
  }

  @Override
  public Optional<String> refusal(QuantScheme scheme) {
    return quantizer.refusal(scheme);
  }

  @Override
  public boolean needsInputs() {
    return quantizer.observes();
  }

  @Override
  public boolean floatInputs() {
    return quantizer.floatInputs();
  }

  @Override
  public boolean needsTargets() {
    return false;
  }

  @Override
  public boolean keepsOutliers() {
    return quantizer.keepsOutliers();
  }

  @Override
  public long workingBytes(UnitSize unit, long tokens) {
    return BlockQuantizer.super.workingBytes(unit, tokens) + quantizer.workingBytes(unit);
  }

  @Override
  public String describe() {
    return description;
  }

  @Override
  public UnitResult quantize(UnitTask task) {
    UnitResult result = UnitResult.of(Map.of());
    for (int round = 0; round < quantizer.rounds(); round++) {
      result = quantizer.sequential() ? inTurn(task, result) : atOnce(task, result);
    }
    return result.inOrderOf(task.schemes().keySet());
  }

  private GroupQuantizer.Work begin(
      UnitTask task, Unit present, List<String> names, UnitResult before) {
    List<LinearLayer> layers = new ArrayList<>();
    for (String name : names) {
      LinearLayer l = task.layer(name);
      Optional<QuantizedMatrix> codes = Optional.ofNullable(before.layers().get(name));
      layers.add(l.withPrevious(codes));
    }
    return quantizer.begin(new GroupQuantizer.Group(task, present, layers));
  }

  private UnitResult atOnce(UnitTask task, UnitResult before) {
    Unit present = task.unit().with(before);
    Map<String, GroupQuantizer.Work> work = begin(task, present, before);
    if (task.floats() != null && floatInputs() && observesOnce()) {
      // What comes out is what the next unit gets: one pass serves both.
      task.floats().pass(ObservedWeight.within(present, observers(work)));
    } else {
      observe(task, present, work);
    }
    return finish(work, before);
  }

  /** Work on all groups, by the first of each: all of its layers get the same input. */
  private Map<String, GroupQuantizer.Work> begin(UnitTask task, Unit present, UnitResult before) {
    Map<String, GroupQuantizer.Work> work = new LinkedHashMap<>();
    for (List<String> names : task.groups()) {
      work.put(names.getFirst(), begin(task, present, names, before));
    }
    return work;
  }

  private static UnitResult finish(Map<String, GroupQuantizer.Work> work, UnitResult before) {
    UnitResult result = before;
    for (GroupQuantizer.Work w : work.values()) {
      result = result.and(w.finish());
    }
    return result;
  }

  /**
   * A unit through which somebody else sends data.
   *
   * @param unit shows the method the inputs of its layers
   * @param finish gives the codes; called once, after all data
   */
  public record Observed(Unit unit, Supplier<UnitResult> finish) {}

  /** Whether it is enough that the method sees the inputs of all layers once, all at once. */
  public boolean observesOnce() {
    return !quantizer.sequential() && quantizer.rounds() == 1;
  }

  /**
   * The unit of {@code task} for data that somebody else sends through it.
   *
   * @throws IllegalStateException if that {@linkplain #observesOnce is not enough}
   */
  public Observed observed(UnitTask task) {
    if (!observesOnce()) {
      throw new IllegalStateException(description + " goes over the data several times");
    }
    UnitResult nothing = UnitResult.of(Map.of());
    Map<String, GroupQuantizer.Work> work = begin(task, task.unit(), nothing);
    return new Observed(
        ObservedWeight.within(task.unit(), observers(work)), () -> finish(work, nothing));
  }

  private static Map<String, Consumer<Tensor>> observers(Map<String, GroupQuantizer.Work> work) {
    Map<String, Consumer<Tensor>> observers = new HashMap<>();
    work.forEach((name, w) -> observers.put(name, w::observe));
    return observers;
  }

  private UnitResult inTurn(UnitTask task, UnitResult before) {
    UnitResult result = before;
    for (List<String> names : task.groups()) {
      Unit present = task.unit().with(result);
      GroupQuantizer.Work w = begin(task, present, names, before);
      observe(task, present, Map.of(names.getFirst(), w));
      result = result.and(w.finish());
    }
    return result;
  }

  private void observe(UnitTask task, Unit present, Map<String, GroupQuantizer.Work> work) {
    if (!quantizer.observes() || work.isEmpty()) {
      return;
    }
    long start = System.nanoTime();
    BlockWalk.observe(task, present, observers(work));
    observing += System.nanoTime() - start;
  }

  @Override
  public Duration estimate(UnitTask sample, int batches) {
    long start = System.nanoTime();
    observing = 0;
    quantize(sample);
    long took = System.nanoTime() - start;
    return Duration.ofNanos(observing * batches + took - observing);
  }
}

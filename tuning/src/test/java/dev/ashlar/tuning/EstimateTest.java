package dev.ashlar.tuning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.Budget;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.method.UnitResult;
import dev.ashlar.tuning.method.UnitSize;
import dev.ashlar.tuning.method.UnitTask;
import dev.ashlar.tuning.plan.QuantizationPlan;
import dev.ashlar.tuning.plan.SchemeOverride;
import dev.ashlar.tuning.work.MemoryUnits;
import dev.ashlar.tuning.work.UnitStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What is announced is what is going to be done, whichever layers rules leave out. */
class EstimateTest {
  private static final IntegerGrid W4 = new IntegerGrid(4, 32, true);
  private static final RunOptions OPTIONS = new RunOptions(4, 1, 1, true, 42);

  /** What data that only flow through a tiny model may take; what is announced are hours. */
  private static final double FLOWING = 20;

  private static final int ATTENTION = 4;
  private static final int LAYERS = 7;

  /** Says that it takes an hour for each layer. */
  private static final class Hourly implements StubQuantizer {
    private final List<Integer> asked = new ArrayList<>();

    @Override
    public UnitResult quantize(UnitTask task) {
      throw new AssertionError("estimates quantize nothing here");
    }

    @Override
    public boolean needsTargets() {
      return true;
    }

    @Override
    public Duration estimate(UnitTask sample, int batches) {
      asked.add(sample.schemes().size());
      return Duration.ofHours(sample.schemes().size());
    }
  }

  private final Hourly method = new Hourly();

  private BlockwiseQuantization run(Decoder model, QuantizationPlan plan, RunOptions options) {
    return new BlockwiseQuantization(model, plan, TinyModel.data(8, 8), method, options);
  }

  private double hours(QuantizationPlan plan) {
    return hours(plan, OPTIONS, Optional.empty());
  }

  private double hours(QuantizationPlan plan, RunOptions options, Optional<UnitStore> work) {
    method.asked.clear();
    try (Checkpoint source = TinyModel.open()) {
      Duration time = run(Architectures.load(source), plan, options).estimate(work);
      return time.toNanos() / 3.6e12;
    }
  }

  private static QuantizationPlan without(String pattern) {
    return QuantizationPlan.uniform(W4).withRules(Map.of(pattern, SchemeOverride.bits(16)));
  }

  private static void assertHours(double expected, double hours) {
    assertTrue(
        hours >= expected && hours < expected + FLOWING / 3600, hours + " and not " + expected);
  }

  @Test
  void blocksThatStayFloatAreNotCounted() {
    assertHours(2 * LAYERS, hours(QuantizationPlan.uniform(W4)));
    assertEquals(List.of(LAYERS), method.asked, "equal units are measured once");
    assertHours(LAYERS, hours(without("model\\.layers\\.0\\..*")));
    assertHours(LAYERS, hours(without("model\\.layers\\.1\\..*")));
    assertHours(0, hours(without("model\\.layers\\..*")));
  }

  @Test
  void blocksWithFewerLayersAreMeasuredByThemselves() {
    assertHours(LAYERS + ATTENTION, hours(without("model\\.layers\\.0\\.mlp\\..*")));
    assertEquals(List.of(LAYERS, ATTENTION), method.asked);
    assertHours(2 * ATTENTION, hours(without(".*mlp.*")));
  }

  @Test
  void severalBlocksOfOneUnitAreOne() {
    assertHours(
        2 * LAYERS,
        hours(QuantizationPlan.uniform(W4), new RunOptions(4, 1, 2, true, 42), Optional.empty()));
  }

  @Test
  void unitsThatAnEarlierRunMadeAreNotCounted() {
    MemoryUnits store = new MemoryUnits();
    publish(store, 0);
    assertHours(LAYERS, hours(QuantizationPlan.uniform(W4), OPTIONS, Optional.of(store)));
    publish(store, 1);
    assertHours(0, hours(QuantizationPlan.uniform(W4), OPTIONS, Optional.of(store)));
    assertEquals(List.of(), method.asked);
  }

  private static void publish(UnitStore store, int unit) {
    try (UnitStore.Lease lease = store.lease(unit).orElseThrow()) {
      lease.publish("model.layers." + unit, 0, UnitResult.of(Map.of()));
    }
  }

  @Test
  void theHeadCostsAsMuchForEachWeightAsABlock() {
    QuantizationPlan plan = QuantizationPlan.uniform(W4).withHead(true);
    try (Checkpoint source = TinyModel.open()) {
      UnitPlan units = run(Architectures.load(source), plan, OPTIONS).units();
      double block = units.units().getFirst().quantized();
      double head = units.units().getLast().quantized();
      assertHours(LAYERS * (2 + head / block), hours(plan));
      Map<String, SchemeOverride> floats = Map.of("model\\.layers\\..*", SchemeOverride.bits(16));
      assertHours(LAYERS * head / block, hours(plan.withRules(floats)));
    }
  }

  @Test
  void whatLiesBetweenInWeightsLiesBetweenInTime() {
    List<UnitPlan.Entry> units = new ArrayList<>();
    for (int weights : new int[] {30, 10, 0, 20, 0, 30, 30}) {
      units.add(entry(units.size(), weights));
    }
    List<Long> asked = new ArrayList<>();
    UnitCosts costs =
        new UnitCosts(
            units,
            u -> {
              asked.add(u.quantized());
              return new Budget.Cost(u.quantized() == 0 ? 1 : 100 + u.quantized(), 1);
            },
            (u, scheme) -> u);
    assertEquals(List.of(30L, 10L, 0L), asked);
    assertEquals(new Budget.Cost(3 * 130 + 110 + 120 + 2, 7), costs.sum());
  }

  private static UnitPlan.Entry entry(int index, long weights) {
    return new UnitPlan.Entry(
        index, "block" + index, index, index + 1, Map.of(), weights, new UnitSize(30, 1, 1));
  }

  @Test
  void methodsWithoutInputsAreEstimatedToo() {
    QuantizationPlan plan = without("model\\.layers\\.0\\..*");
    try (Checkpoint source = TinyModel.open()) {
      Decoder model = Architectures.load(source);
      BlockQuantizer nearest = Methods.named("rtn").create(MethodOptions.none());
      Duration time =
          new BlockwiseQuantization(
                  model,
                  plan,
                  dev.ashlar.tuning.calibration.CalibrationSet.none(),
                  nearest,
                  OPTIONS)
              .estimate(Optional.empty());
      assertTrue(time.toSeconds() < FLOWING, time + "");
    }
  }

  /** What a listener was told. */
  private static final class Heard implements RunListener {
    private final List<Progress> told = new ArrayList<>();
    private final List<Duration> behind = new ArrayList<>();

    @Override
    public void progress(Progress p) {
      told.add(p);
    }

    @Override
    public void unitFinished(UnitReport report, Optional<Duration> remaining) {
      behind.add(remaining.orElseThrow());
    }
  }

  /** What is left of two units after the first, as a multiple of what that took. */
  private double left(QuantizationPlan plan) throws InterruptedException {
    Heard heard = new Heard();
    try (Checkpoint source = TinyModel.open()) {
      UnitPlan units = run(Architectures.load(source), plan, OPTIONS).units();
      Pace pace = new Pace(units, 2, Estimate.Found.NOTHING, Optional.empty(), heard);
      pace.begin(0, "first");
      Thread.sleep(20);
      pace.finished(
          new UnitReport(0, "first", 0, Optional.empty(), Map.of(), false, Duration.ZERO));
      pace.begin(1, "second");
    }
    Progress last = heard.told.getLast();
    // Between units the same is said as within them.
    double between = heard.behind.getFirst().toNanos();
    assertEquals(between, last.remaining().orElseThrow().toNanos(), between / 10 + 1);
    return (double) last.remaining().orElseThrow().toNanos() / last.elapsed().toNanos();
  }

  @Test
  void whatIsLeftCountsWhatThereIsToDo() throws InterruptedException {
    assertEquals(1, left(QuantizationPlan.uniform(W4)), 0.05);
    assertTrue(left(without("model\\.layers\\.1\\..*")) < 0.1);
    assertTrue(left(without("model\\.layers\\.0\\..*")) > 9);
  }

  /** Work on all units behind the last is told as it was estimated, and then as it goes. */
  @Test
  void whatComesBehindTheUnitsCounts() throws InterruptedException {
    Heard heard = new Heard();
    try (Checkpoint source = TinyModel.open()) {
      QuantizationPlan plan = QuantizationPlan.uniform(W4);
      UnitPlan units = run(Architectures.load(source), plan, OPTIONS).units();
      Estimate.Found found = new Estimate.Found(Duration.ofSeconds(2), Duration.ofSeconds(6));
      Pace pace = new Pace(units, 3, found, Optional.empty(), heard);
      for (int i = 0; i < 2; i++) {
        pace.begin(i, "unit");
        Thread.sleep(20);
        pace.finished(
            new UnitReport(i, "unit", 0, Optional.empty(), Map.of(), false, Duration.ZERO));
      }
      assertEquals(0.125, heard.told.getLast().fraction(), 1e-6);
      pace.begin(2, "finish");
      assertEquals(0.25, heard.told.getLast().fraction(), 1e-6);
      // Three times what both took.
      double took = heard.told.getLast().elapsed().toNanos();
      assertEquals(3 * took, heard.behind.getLast().toNanos(), 0.3 * took);
      Thread.sleep(20);
      pace.iteration(0, 2, 1);
      assertEquals(0.625, heard.told.getLast().fraction(), 1e-6);
      double last = heard.told.getLast().remaining().orElseThrow().toNanos();
      double own = heard.told.getLast().elapsed().toNanos() - took;
      assertEquals(own, last, 0.1 * own);
    }
  }

  /** A time is given to what there is to do: an idle first block says nothing of the others. */
  @Test
  void aTimeIsMeasuredWhereThereIsWork() {
    try (Checkpoint source = TinyModel.open()) {
      Decoder model = Architectures.load(source);
      for (int idle = 0; idle < 2; idle++) {
        QuantizationPlan plan = without("model\\.layers\\." + idle + "\\..*");
        List<Integer> asked = new ArrayList<>();
        Budget budget = budget(asked);
        UnitPlan units = run(model, plan, OPTIONS).units();
        Budget.Speed speed =
            new Estimate(
                    model,
                    units,
                    new UnitRunner(method, OPTIONS),
                    method,
                    OPTIONS,
                    TinyModel.data(8, 8),
                    run(model, plan, OPTIONS).memory())
                .speed(budget);
        assertEquals(List.of(LAYERS), asked);
        assertEquals(2, speed.units());
        assertEquals(50, speed.unit().fixed(), 1e-9);
        assertTrue(speed.unit().sample() > 0 && speed.unit().sample() < FLOWING);
      }
    }
  }

  /** A unit with work takes a hundred seconds; nothing else is asked of it. */
  private static Budget budget(List<Integer> asked) {
    return (Budget)
        java.lang.reflect.Proxy.newProxyInstance(
            EstimateTest.class.getClassLoader(),
            new Class<?>[] {Budget.class},
            (proxy, m, args) -> {
              asked.add(((UnitTask) args[0]).schemes().size());
              return new Budget.Cost(100, 0);
            });
  }
}

package dev.ashlar.tuning;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.WeightSource;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.method.Activations;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.method.UnitResult;
import dev.ashlar.tuning.plan.QuantizationPlan;
import dev.ashlar.tuning.work.Job;
import dev.ashlar.tuning.work.MemoryUnits;
import dev.ashlar.tuning.work.UnitStore;
import dev.ashlar.tuning.work.WorkFolder;
import dev.ashlar.tuning.work.WorkFolderException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Plan, runner, cascade and stores: what each promises. */
class BlockLoopTest {
  private static final QuantScheme W3 = new IntegerGrid(3, 32, true);
  private static final QuantizationPlan PLAN = QuantizationPlan.uniform(W3);

  @TempDir private Path temporary;

  private static BlockQuantizer signRound() {
    return Methods.named("signround").create(MethodOptions.of(Map.of("iters", "4")));
  }

  private static BlockwiseQuantization run(Decoder model, RunOptions options, MemoryLimit limit) {
    return new BlockwiseQuantization(
        model, PLAN.withHead(true), TinyModel.data(12, 16), signRound(), options, limit);
  }

  private static void assertSame(Map<String, QuantizedMatrix> a, Map<String, QuantizedMatrix> b) {
    assertEquals(a.keySet(), b.keySet());
    a.forEach(
        (name, q) -> {
          assertArrayEquals(q.codes().values(), b.get(name).codes().values(), name);
          assertArrayEquals(q.zeroPoints().scales(), b.get(name).zeroPoints().scales(), name);
        });
  }

  @Test
  void nothingIsReadBehindTheLastUnitWithAnythingToBeDone() {
    Set<String> asked = new HashSet<>();
    try (Checkpoint source = TinyModel.open()) {
      WeightSource listening =
          (WeightSource)
              java.lang.reflect.Proxy.newProxyInstance(
                  BlockLoopTest.class.getClassLoader(),
                  new Class<?>[] {WeightSource.class},
                  (proxy, m, args) -> {
                    if (args != null && args[0] instanceof String name) {
                      asked.add(name);
                    }
                    return m.invoke(source, args);
                  });
      Decoder model = Architectures.load(listening);
      asked.clear();
      MemoryUnits store = new MemoryUnits();
      for (int time = 0; time < 2; time++) {
        new BlockwiseQuantization(
                model,
                PLAN.withFirstBlocks(1),
                TinyModel.data(8, 8),
                signRound(),
                new RunOptions(4, 1, 1, true, 42))
            .run(Optional.of(store), (name, q) -> {}, RunListener.SILENT);
      }
    }
    assertTrue(asked.stream().anyMatch(n -> n.startsWith("model.layers.0.")), "" + asked);
    assertTrue(asked.stream().noneMatch(n -> n.startsWith("model.layers.1.")), "" + asked);
  }

  @Test
  void spilledRunsGiveTheSameBytes() {
    try (Checkpoint source = TinyModel.open()) {
      Decoder model = Architectures.load(source);
      RunOptions options = new RunOptions(4, 1, 1, true, 42);
      BlockwiseQuantization free = run(model, options, MemoryLimit.none());
      MemoryLimit tight = new MemoryLimit(OptionalLong.of(1), Optional.of(temporary));
      BlockwiseQuantization bound = run(model, options, tight);
      assertFalse(free.memory().spills());
      assertEquals(4, free.memory().passBatch());
      assertTrue(bound.memory().spills());
      assertEquals(1, bound.memory().passBatch());
      assertFalse(bound.memory().fits());
      assertSame(TinyModel.collect(free), TinyModel.collect(bound));
      assertTrue(free.memoryWarning().isEmpty());
      assertTrue(bound.memoryWarning().orElseThrow().contains("smaller batch"));
      assertEquals(free.job(Map.of()).hash(), bound.job(Map.of()).hash());
    }
  }

  @Test
  void halfPrecisionStreamsAreAnotherJob() {
    try (Checkpoint source = TinyModel.open()) {
      Decoder model = Architectures.load(source);
      RunOptions floats = new RunOptions(4, 1, 1, true, 42);
      RunOptions halves = new RunOptions(4, 1, 1, true, 42, DType.BF16);
      BlockwiseQuantization one = run(model, floats, MemoryLimit.none());
      BlockwiseQuantization other = run(model, halves, MemoryLimit.none());
      assertFalse(one.job(Map.of()).hash().equals(other.job(Map.of()).hash()));
      Map<String, QuantizedMatrix> layers = TinyModel.collect(other);
      assertEquals(TinyModel.collect(one).keySet(), layers.keySet());
      assertSame(layers, TinyModel.collect(run(model, halves, MemoryLimit.none())));
    }
    assertThrows(
        IllegalArgumentException.class, () -> new RunOptions(4, 1, 1, true, 42, DType.F16));
  }

  @Test
  void aPlanSpillsWhenStreamsDoNotFitAndShrinksPassesFirst() {
    try (Checkpoint source = TinyModel.open()) {
      Decoder model = Architectures.load(source);
      RunOptions options = new RunOptions(8, 1, 1, true, 42);
      MemoryPlan free = plan(model, options, Long.MAX_VALUE);
      assertFalse(free.spills());
      assertEquals(8, free.passBatch());
      assertFalse(plan(model, options, free.bytes()).spills());
      MemoryPlan tighter = plan(model, options, free.bytes() - 1);
      assertTrue(tighter.spills() || tighter.passBatch() < 8);
      MemoryPlan smallest = plan(model, options, 420L << 20);
      assertTrue(smallest.spills());
      assertTrue(smallest.fits());
    }
  }

  private static MemoryPlan plan(Decoder model, RunOptions options, long limit) {
    return MemoryPlan.of(
        model.spec(),
        false,
        new UnitPlan(model.spec(), false, PLAN, 1).largest(),
        0,
        signRound(),
        true,
        options,
        4096,
        64,
        MemoryLimit.of(limit));
  }

  @Test
  void aCancelledRunIsResumedToTheSameBytes() {
    try (Checkpoint source = TinyModel.open()) {
      Decoder model = Architectures.load(source);
      RunOptions options = new RunOptions(4, 1, 1, true, 42);
      Map<String, QuantizedMatrix> whole =
          TinyModel.collect(run(model, options, MemoryLimit.none()));
      // Ends wherever it is asked: in embedding, passes, iterations, between units.
      for (int allowed : new int[] {0, 2, 5, 9, 16, 28, 40}) {
        Path folder = temporary.resolve("after" + allowed);
        AtomicInteger asked = new AtomicInteger(allowed);
        BlockwiseQuantization job = run(model, options, MemoryLimit.none());
        RunListener impatient =
            new RunListener() {
              @Override
              public boolean cancelled() {
                return asked.getAndDecrement() <= 0;
              }
            };
        try (WorkFolder work = WorkFolder.open(folder, job.job(Map.of()), false)) {
          Optional<UnitStore> store = Optional.of(work);
          try {
            job.run(store, (name, q) -> {}, impatient);
            assertTrue(allowed >= 30, "asked too rarely: " + allowed);
          } catch (CancellationException e) {
            assertTrue(e.getMessage().contains("ended"), e.getMessage());
          }
          Map<String, QuantizedMatrix> layers = new LinkedHashMap<>();
          job.run(store, layers::put, RunListener.SILENT);
          assertSame(whole, layers);
        }
      }
    }
  }

  /** Wherever it comes, and wherever activations lie. */
  @Test
  void anInterruptedRunIsResumedToTheSameBytes() {
    try (Checkpoint source = TinyModel.open()) {
      Decoder model = Architectures.load(source);
      RunOptions options = new RunOptions(4, 1, 1, true, 42);
      Map<String, QuantizedMatrix> whole =
          TinyModel.collect(run(model, options, MemoryLimit.none()));
      for (MemoryLimit limit :
          List.of(
              MemoryLimit.none(), new MemoryLimit(OptionalLong.of(1), Optional.of(temporary)))) {
        MemoryUnits store = new MemoryUnits();
        for (int allowed : new int[] {0, 9, 16}) {
          AtomicInteger asked = new AtomicInteger(allowed);
          RunListener interrupting =
              new RunListener() {
                @Override
                public boolean cancelled() {
                  if (asked.getAndDecrement() == 0) {
                    Thread.currentThread().interrupt();
                  }
                  return false;
                }
              };
          BlockwiseQuantization job = run(model, options, limit);
          assertThrows(
              CancellationException.class,
              () -> job.run(Optional.of(store), (name, q) -> {}, interrupting));
          assertTrue(Thread.interrupted(), "the interrupt is still there");
        }
        Map<String, QuantizedMatrix> layers = new LinkedHashMap<>();
        run(model, options, limit).run(Optional.of(store), layers::put, RunListener.SILENT);
        assertSame(whole, layers);
      }
    }
  }

  @Test
  void oneWorkerHasAUnitAtATime() {
    Job job = new Job(Map.of("a", "b"));
    UnitResult result = UnitResult.of(Map.of());
    try (WorkFolder owner = WorkFolder.open(temporary, job, false);
        WorkFolder joined = WorkFolder.join(temporary, job)) {
      for (List<UnitStore> pair :
          List.of(List.<UnitStore>of(owner, joined), sameTwice(new MemoryUnits()))) {
        UnitStore.Lease lease = pair.get(0).lease(3).orElseThrow();
        assertTrue(pair.get(1).lease(3).isEmpty());
        assertTrue(pair.get(1).lease(4).isPresent());
        assertTrue(pair.get(1).find(3, "unit", 7).isEmpty());
        lease.publish("unit", 7, result);
        assertTrue(pair.get(1).find(3, "unit", 7).isPresent());
        assertTrue(pair.get(1).find(3, "unit", 8).isEmpty());
        assertTrue(pair.get(1).find(3, "another", 7).isEmpty());
        lease.close();
        pair.get(1).lease(3).orElseThrow().close();
      }
      assertThrows(
          WorkFolderException.class, () -> WorkFolder.join(temporary, new Job(Map.of("a", "c"))));
    }
    assertThrows(WorkFolderException.class, () -> WorkFolder.join(temporary.resolve("none"), job));
  }

  private static List<UnitStore> sameTwice(UnitStore store) {
    return List.of(store, store);
  }

  @Test
  void independentUnitsCanBeHandedOutToAnyoneInAnyOrder() throws InterruptedException {
    try (Checkpoint source = TinyModel.open()) {
      Decoder model = Architectures.load(source);
      RunOptions options = new RunOptions(4, 1, 1, false, 42);
      BlockQuantizer rounding = Methods.BASELINE.create(MethodOptions.none());
      UnitPlan plan = new UnitPlan(model.spec(), model.tiedHead(), PLAN, 1);
      UnitStore store = new MemoryUnits();
      List<Thread> workers = new ArrayList<>();
      AtomicInteger made = new AtomicInteger();
      for (int w = 0; w < 3; w++) {
        int turn = w;
        workers.add(
            new Thread(
                () -> {
                  for (int i = 0; i < plan.units().size(); i++) {
                    UnitPlan.Entry entry = plan.units().get((i + turn) % plan.units().size());
                    Unit unit = entry.load(model);
                    long weights = UnitRunner.checksum(unit);
                    store
                        .lease(entry.index())
                        .ifPresent(
                            lease -> {
                              if (store.find(entry.index(), entry.name(), weights).isEmpty()) {
                                made.incrementAndGet();
                                lease.publish(
                                    entry.name(),
                                    weights,
                                    new UnitRunner(rounding, options)
                                        .run(
                                            entry,
                                            unit,
                                            Activations.zeros(0, 0, 0),
                                            null,
                                            new boolean[0][],
                                            (k, n, loss) -> {}));
                              }
                              lease.close();
                            });
                  }
                }));
      }
      workers.forEach(Thread::start);
      for (Thread t : workers) {
        t.join();
      }
      assertEquals(plan.units().size(), made.get());
      BlockwiseQuantization inOrder =
          new BlockwiseQuantization(model, PLAN, CalibrationSet.none(), rounding, options);
      Map<String, QuantizedMatrix> found = new LinkedHashMap<>();
      RunReport report = inOrder.run(Optional.of(store), found::put, RunListener.SILENT);
      assertTrue(report.units().stream().allMatch(UnitReport::resumed));
      assertSame(TinyModel.collect(inOrder), found);
    }
  }
}

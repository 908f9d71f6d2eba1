package dev.ashlar.tuning;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.plan.QuantizationPlan;
import dev.ashlar.tuning.work.WorkFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for every method on the list, with nothing about any of them here. */
class EveryMethodTest {
  private static final IntegerGrid GRID = new IntegerGrid(3, 32, false);
  private static final RunOptions OPTIONS = new RunOptions(4, 1, 1, true, 42);

  /** Whichever of these a method has: a few steps show what many do. */
  private static final Map<String, String> BRIEF =
      Map.of("iters", "4", "steps", "3", "num_iter", "4", "held_out", "3");

  @TempDir private Path temporary;

  static Stream<Method> methods() {
    return Methods.all().stream();
  }

  private static BlockwiseQuantization job(Checkpoint source, Method method, Backend backend) {
    Map<String, String> options = new LinkedHashMap<>();
    for (Method.Option o : method.options()) {
      if (BRIEF.containsKey(o.name())) {
        options.put(o.name(), BRIEF.get(o.name()));
      }
    }
    BlockQuantizer quantizer = method.create(MethodOptions.of(options));
    return new BlockwiseQuantization(
        Architectures.load(source, backend),
        QuantizationPlan.uniform(GRID),
        quantizer.needsInputs() ? TinyModel.data(12, 16) : CalibrationSet.none(),
        quantizer,
        OPTIONS);
  }

  private static Collected run(Checkpoint source, Method method, Backend backend) {
    Collected found = new Collected();
    job(source, method, backend).run(found, RunListener.SILENT);
    return found;
  }

  /** All that lies in a work folder, by name. */
  private static Map<String, byte[]> files(Path folder) throws IOException {
    Map<String, byte[]> found = new LinkedHashMap<>();
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path p : all.filter(Files::isRegularFile).sorted().toList()) {
        found.put(folder.relativize(p).toString(), Files.readAllBytes(p));
      }
    }
    return found;
  }

  @ParameterizedTest
  @MethodSource("methods")
  void aRunKilledBehindItsFirstUnitGoesOnToTheSameBytes(Method method) throws IOException {
    try (Checkpoint source = TinyModel.open()) {
      Path unbroken = temporary.resolve("unbroken");
      Collected whole = new Collected();
      BlockwiseQuantization once = job(source, method, Backends.chosen());
      try (WorkFolder work = WorkFolder.open(unbroken, once.job(Map.of()), false)) {
        once.run(Optional.of(work), whole, RunListener.SILENT);
      }
      assertEquals(14, whole.layers().size());
      Path killed = temporary.resolve("killed");
      BlockwiseQuantization first = job(source, method, Backends.chosen());
      try (WorkFolder work = WorkFolder.open(killed, first.job(Map.of()), false)) {
        assertThrows(
            CancellationException.class,
            () -> first.run(Optional.of(work), new Collected(), new KilledBehindTheFirst()));
      }
      Collected resumed = new Collected();
      BlockwiseQuantization second = job(source, method, Backends.chosen());
      try (WorkFolder work = WorkFolder.open(killed, second.job(Map.of()), false)) {
        List<UnitReport> units = second.run(Optional.of(work), resumed, RunListener.SILENT).units();
        assertTrue(units.getFirst().resumed());
        assertFalse(units.get(1).resumed());
      }
      whole.assertSame(resumed);
      Map<String, byte[]> expected = files(unbroken);
      Map<String, byte[]> found = files(killed);
      assertEquals(new ArrayList<>(expected.keySet()), new ArrayList<>(found.keySet()));
      expected.forEach((name, bytes) -> assertArrayEquals(bytes, found.get(name), name));
    }
  }

  @ParameterizedTest
  @MethodSource("methods")
  void oneThreadGivesTheBytesOfTwo(Method method) {
    try (Checkpoint source = TinyModel.open()) {
      Collected two = Parallel.limited(2, () -> run(source, method, Backends.chosen()));
      Collected one = Parallel.limited(1, () -> run(source, method, Backends.chosen()));
      two.assertSame(one);
      Collected again = Parallel.limited(1, () -> run(source, method, Backends.chosen()));
      one.assertSame(again);
    }
  }

  /**
   * Sums over activations are folded in as many lanes as there are, so that methods which look at
   * data agree between backends by rounding only; weights alone are rounded by the definition
   * everywhere.
   */
  @ParameterizedTest
  @MethodSource("methods")
  void everyBackendComesToNearlyTheSame(Method method) {
    try (Checkpoint source = TinyModel.open()) {
      Collected definition = run(source, method, Backends.reference());
      boolean data = method.create(MethodOptions.none()).needsInputs();
      for (Backend backend : Backends.all()) {
        double same = equal(definition, run(source, method, backend));
        assertTrue(
            same >= (data ? 0.85 : 1), method.name() + " on " + backend.name() + ": " + same);
      }
    }
  }

  private static double equal(Collected a, Collected b) {
    long same = 0;
    long all = 0;
    for (String name : a.layers().keySet()) {
      byte[] x = a.layers().get(name).codes().values();
      byte[] y = b.layers().get(name).codes().values();
      for (int i = 0; i < x.length; i++) {
        same += x[i] == y[i] ? 1 : 0;
      }
      all += x.length;
    }
    return (double) same / all;
  }
}

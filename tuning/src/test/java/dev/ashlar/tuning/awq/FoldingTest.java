package dev.ashlar.tuning.awq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.decoder.Folding;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tuning.TinyModel;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.method.UnitResult;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Factors of inputs, folded into what comes before, change nothing of what a block computes. */
class FoldingTest {
  private static final int LENGTH = 12;

  @TestFactory
  Stream<DynamicTest> families() {
    Path root = Path.of(System.getProperty("ashlar.shared", "absent")).resolve("fixtures/models");
    if (!Files.isDirectory(root)) {
      return Stream.of(
          DynamicTest.dynamicTest("families", () -> Assumptions.abort(root + " is not there")));
    }
    try (Stream<Path> all = Files.list(root)) {
      return all.filter(p -> Files.exists(p.resolve("config.json"))).sorted().toList().stream()
          .map(p -> DynamicTest.dynamicTest(p.getFileName().toString(), () -> check(p)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void check(Path folder) {
    try (Checkpoint source = Checkpoints.open(folder)) {
      Decoder model = Architectures.load(source);
      for (int b = 0; b < model.blockCount(); b++) {
        unchanged(model, Unit.of(List.of(model.loadBlock(b))));
      }
    }
  }

  @Test
  void aLlamaTakesAllFactors() {
    Decoder model = TinyModel.load();
    Unit unit = Unit.of(List.of(model.block(0), model.block(1)));
    assertEquals(8, unit.foldings().size());
    assertEquals(8, unchanged(model, unit));
  }

  /** How many inputs could take factors. */
  private static int unchanged(Decoder model, Unit unit) {
    Set<String> named = new HashSet<>();
    for (Folding f : unit.foldings()) {
      for (String layer : f.layers()) {
        assertTrue(named.add(layer), layer + " reads two inputs");
      }
    }
    unit.sharedInputs().forEach(g -> assertTrue(named.containsAll(g), g + " of " + named));
    Random random = new Random(11);
    FoldedFactors factors = new FoldedFactors(unit.tensors());
    int taken = 0;
    for (Folding f : unit.foldings()) {
      if (factors.takes(f)) {
        taken++;
        int in = unit.weights().get(f.layers().getFirst()).in();
        float[] t = new float[in];
        for (int k = 0; k < in; k++) {
          t[k] = (float) Math.exp(random.nextGaussian() / 2);
        }
        FoldedFactors.share(f.source(), t);
        factors.fold(f, t);
      }
    }
    Tensor x = Tensor.zeros(1, LENGTH, model.spec().dim());
    for (int i = 0; i < x.size(); i++) {
      x.data()[i] = (float) random.nextGaussian();
    }
    UnitResult folded = UnitResult.of(Map.of()).withTensors(factors.changed());
    float[] before = forward(unit, x);
    float[] after = forward(unit.with(folded), x);
    double largest = 0;
    double worst = 0;
    for (int i = 0; i < before.length; i++) {
      largest = Math.max(largest, Math.abs(before[i]));
      worst = Math.max(worst, Math.abs(before[i] - after[i]));
    }
    assertTrue(worst <= 3e-5 * largest, unit.name() + ": " + worst + " of " + largest);
    return taken;
  }

  private static float[] forward(Unit unit, Tensor x) {
    return unit.forward(x, BlockContext.of(1, LENGTH), Tape.off()).copy().data();
  }
}

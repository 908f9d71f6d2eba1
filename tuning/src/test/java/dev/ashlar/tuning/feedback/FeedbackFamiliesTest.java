package dev.ashlar.tuning.feedback;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.decoder.StreamAddition;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.BlockwiseQuantization;
import dev.ashlar.tuning.Collected;
import dev.ashlar.tuning.RunListener;
import dev.ashlar.tuning.RunOptions;
import dev.ashlar.tuning.TinyModel;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.plan.QuantizationPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What the method takes for true of a block, and the method itself, on every family's fixture. */
class FeedbackFamiliesTest {
  private static final Path MODELS = Path.of("../nn/src/test/resources/models");
  private static final int LENGTH = 12;

  private static List<Path> models() throws IOException {
    try (Stream<Path> folders = Files.list(MODELS)) {
      return folders.filter(Files::isDirectory).sorted().toList();
    }
  }

  @TestFactory
  Stream<DynamicTest> families() throws IOException {
    return models().stream()
        .map(folder -> DynamicTest.dynamicTest(folder.getFileName().toString(), () -> run(folder)));
  }

  private static void run(Path folder) {
    try (Checkpoint source = Checkpoints.open(folder)) {
      Decoder model = Architectures.load(source);
      for (int i = 0; i < model.blockCount(); i++) {
        Unit unit = Unit.of(List.of(model.loadBlock(i)));
        stepsHoldEachMapOnce(unit);
        streamIsTheSumThatAdditionsSay(unit, model.spec().dim());
      }
      Map<String, QuantizedMatrix> layers = quantize(model);
      assertTrue(!layers.isEmpty());
      layers.forEach(
          (name, q) -> {
            for (float s : q.zeroPoints().scales()) {
              assertTrue(Float.isFinite(s), name);
            }
          });
    }
  }

  private static void stepsHoldEachMapOnce(Unit unit) {
    List<String> names = new ArrayList<>();
    unit.steps().forEach(step -> step.forEach(names::addAll));
    assertEquals(names.size(), new HashSet<>(names).size());
    Set<String> shared = new HashSet<>();
    unit.sharedInputs().forEach(shared::addAll);
    assertEquals(shared, new HashSet<>(names));
  }

  /** Biases are the same in both runs, so that only differences can be compared. */
  private static void streamIsTheSumThatAdditionsSay(Unit unit, int dim) {
    List<StreamAddition> additions = unit.additions();
    if (additions.size() < 2) {
      return;
    }
    List<Tensor> in = new ArrayList<>();
    List<Tensor> out = new ArrayList<>();
    List<Map<String, Tensor>> added = new ArrayList<>();
    for (int run = 0; run < 2; run++) {
      Map<String, Tensor> outputs = new HashMap<>();
      Unit watched =
          unit.mapWeights(
              (name, weight) -> new WatchedWeight(weight, (x, y) -> outputs.put(name, y.copy())));
      Random random = new Random(run);
      Tensor x = Tensor.zeros(1, LENGTH, dim);
      for (int i = 0; i < x.size(); i++) {
        x.data()[i] = (float) random.nextGaussian();
      }
      in.add(x);
      out.add(watched.forward(x, BlockContext.of(1, LENGTH), Tape.off(unit.backend())));
      added.add(outputs);
    }
    for (int i = 0; i < in.getFirst().size(); i++) {
      double sum = in.get(0).data()[i] - in.get(1).data()[i];
      for (StreamAddition a : additions) {
        float[] first = added.get(0).get(a.name()).data();
        float[] second = added.get(1).get(a.name()).data();
        sum += (double) a.multiplier() * (first[i] - second[i]);
      }
      assertEquals(sum, out.get(0).data()[i] - out.get(1).data()[i], 1e-4 * (1 + Math.abs(sum)));
    }
  }

  private static Map<String, QuantizedMatrix> quantize(Decoder model) {
    Random random = new Random(3);
    List<int[]> samples = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      samples.add(random.ints(LENGTH, 1, Math.min(60, model.spec().vocab())).toArray());
    }
    BlockwiseQuantization run =
        new BlockwiseQuantization(
            model,
            QuantizationPlan.uniform(new IntegerGrid(3, 16, false)),
            CalibrationSet.of(samples, OptionalInt.empty()),
            Feedback.METHOD.create(MethodOptions.of(Map.of("steps", "2", "held_out", "1"))),
            new RunOptions(2, 1, 1, true, 1));
    Collected found = new Collected();
    run.run(found, RunListener.SILENT);
    found
        .tensors()
        .forEach(
            (name, t) -> {
              for (int i = 0; i < t.size(); i++) {
                assertTrue(Float.isFinite(t.data()[i]), name);
              }
            });
    assertEquals(run.schemes().keySet(), found.layers().keySet());
    return found.layers();
  }

  /** An expert that gets all tokens of a batch gets others of a batch of another size. */
  @Test
  void expertsDoNotDependOnBatches() {
    for (String family : List.of("mixtral", "qwen3_moe")) {
      try (Checkpoint source = Checkpoints.open(MODELS.resolve(family))) {
        Decoder model = Architectures.load(source);
        Map<String, QuantizedMatrix> one = tokens(model, 1);
        Map<String, QuantizedMatrix> all = tokens(model, 12);
        one.forEach(
            (name, q) -> {
              byte[] codes = q.codes().values();
              byte[] others = all.get(name).codes().values();
              int different = 0;
              for (int i = 0; i < codes.length; i++) {
                different += codes[i] == others[i] ? 0 : 1;
              }
              // Sums in another order move a weight that lies between two codes.
              assertTrue(different <= codes.length / 100, name + ": " + different + " differ");
            });
      }
    }
  }

  /** Samples of one token each. */
  private static Map<String, QuantizedMatrix> tokens(Decoder model, int batch) {
    Collected found = new Collected();
    new BlockwiseQuantization(
            model,
            QuantizationPlan.uniform(new IntegerGrid(3, 16, false)),
            TinyModel.data(12, 1),
            Feedback.METHOD.create(MethodOptions.of(Map.of("steps", "0"))),
            new RunOptions(batch, 1, 1, true, 42))
        .run(found, RunListener.SILENT);
    return found.layers();
  }

  @Test
  void threadsChangeNothing() {
    for (String family : List.of("llama", "mixtral")) {
      try (Checkpoint source = Checkpoints.open(MODELS.resolve(family))) {
        Decoder model = Architectures.load(source);
        Map<String, QuantizedMatrix> one = Parallel.limited(1, () -> quantize(model));
        Map<String, QuantizedMatrix> three = Parallel.limited(3, () -> quantize(model));
        one.forEach(
            (name, q) -> {
              assertArrayEquals(q.codes().values(), three.get(name).codes().values(), name);
              assertArrayEquals(
                  q.zeroPoints().scales(), three.get(name).zeroPoints().scales(), name);
            });
      }
    }
  }
}

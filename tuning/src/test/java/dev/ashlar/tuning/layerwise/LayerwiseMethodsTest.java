package dev.ashlar.tuning.layerwise;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.BlockwiseQuantization;
import dev.ashlar.tuning.Methods;
import dev.ashlar.tuning.ObservedQuantization;
import dev.ashlar.tuning.RunListener;
import dev.ashlar.tuning.RunOptions;
import dev.ashlar.tuning.RunReport;
import dev.ashlar.tuning.TinyModel;
import dev.ashlar.tuning.UnitReport;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.method.Activations;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.method.TuningException;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.method.UnitResult;
import dev.ashlar.tuning.method.UnitTask;
import dev.ashlar.tuning.plan.QuantizationPlan;
import dev.ashlar.tuning.work.WorkFolder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole runs of each method that works on second moments, on a small model. */
class LayerwiseMethodsTest {
  private static final RunOptions OPTIONS = new RunOptions(4, 1, 1, true, 42);
  private static final QuantizationPlan PLAN =
      QuantizationPlan.uniform(new IntegerGrid(3, 32, false));

  @TempDir private Path temporary;

  static Stream<Arguments> methods() {
    return Stream.of(
        Arguments.of("gptq", Map.of()),
        Arguments.of("gptq", Map.of("act_order", "true", "true_sequential", "false")),
        Arguments.of("gptq", Map.of("act_order", "true", "static_groups", "true", "mse", "2.4")),
        Arguments.of("gptq", Map.of("act_group_aware", "false", "fresh_groups", "true")),
        Arguments.of("quantease", Map.of("num_iter", "5")),
        Arguments.of("quantease", Map.of("num_iter", "4", "act_order", "true")),
        Arguments.of("quantease", Map.of("num_iter", "3", "true_sequential", "true")),
        Arguments.of("gptq_quantease", Map.of("num_iter", "5")),
        Arguments.of("quantease_outlier", Map.of("num_iter", "4")),
        Arguments.of(
            "quantease_outlier",
            Map.of("num_iter", "3", "structure_outlier", "true", "outlier", "0.03")),
        Arguments.of("spqr", Map.of("outlier_threshold", "0.2", "permutation_order", "act_order")),
        Arguments.of("spqr", Map.of("qq_scale_bits", "3", "qq_zero_bits", "3")),
        Arguments.of("spqr", Map.of("permutation_order", "spearman", "round_zero", "true")));
  }

  private static BlockQuantizer method(String name, Map<String, String> options) {
    return Methods.named(name).create(MethodOptions.of(options));
  }

  private static BlockwiseQuantization run(Decoder model, BlockQuantizer method) {
    return new BlockwiseQuantization(model, PLAN, TinyModel.data(12, 16), method, OPTIONS);
  }

  private static void assertSame(
      Map<String, QuantizedMatrix> expected, Map<String, QuantizedMatrix> found) {
    assertEquals(expected.keySet(), found.keySet());
    expected.forEach(
        (name, q) -> {
          QuantizedMatrix other = found.get(name);
          assertEquals(q.toString(), other.toString());
          assertArrayEquals(q.codes().values(), other.codes().values(), name);
          assertArrayEquals(q.groupOfColumn(), other.groupOfColumn(), name);
          assertArrayEquals(q.dequantize().data(), other.dequantize().data(), name);
        });
  }

  @ParameterizedTest
  @MethodSource("methods")
  void anyNumberOfThreadsAndAnyKillGiveTheSameBytes(String name, Map<String, String> options) {
    try (Checkpoint source = TinyModel.open()) {
      Decoder model = Architectures.load(source);
      Map<String, QuantizedMatrix> whole = TinyModel.collect(run(model, method(name, options)));
      assertEquals(14, whole.size());
      Map<String, QuantizedMatrix> single =
          Parallel.limited(1, () -> TinyModel.collect(run(model, method(name, options))));
      assertSame(whole, single);
      AtomicInteger finished = new AtomicInteger();
      RunListener killed =
          new RunListener() {
            @Override
            public void unitFinished(UnitReport report, Optional<Duration> left) {
              finished.incrementAndGet();
            }

            @Override
            public boolean cancelled() {
              return finished.get() > 0;
            }
          };
      BlockwiseQuantization first = run(model, method(name, options));
      try (WorkFolder work = WorkFolder.open(temporary, first.job(Map.of()), false)) {
        assertThrows(
            CancellationException.class, () -> first.run(Optional.of(work), (n, q) -> {}, killed));
      }
      BlockwiseQuantization second = run(model, method(name, options));
      Map<String, QuantizedMatrix> resumed = new LinkedHashMap<>();
      try (WorkFolder work = WorkFolder.open(temporary, second.job(Map.of()), false)) {
        RunReport report = second.run(Optional.of(work), resumed::put, RunListener.SILENT);
        assertTrue(report.units().getFirst().resumed());
        assertFalse(report.units().getLast().resumed());
      }
      assertSame(whole, resumed);
    }
  }

  @ParameterizedTest
  @MethodSource("methods")
  void observingGivesWhatARunOnTheFloatModelGives(String name, Map<String, String> options) {
    Map<String, String> once = new LinkedHashMap<>(options);
    once.put("true_sequential", "false");
    try (Checkpoint source = TinyModel.open()) {
      Decoder model = Architectures.load(source);
      CalibrationSet data = TinyModel.data(12, 16);
      ObservedQuantization observed =
          new ObservedQuantization(model, PLAN, method(name, once), OPTIONS.seed());
      for (int first = 0; first < data.count(); first += OPTIONS.batchSize()) {
        int[] ids = data.ids(first, OPTIONS.batchSize());
        observed.observed().forward(ids, BlockContext.of(OPTIONS.batchSize(), 16), Tape.off());
      }
      UnitResult found = observed.convert();
      RunOptions floats = new RunOptions(OPTIONS.batchSize(), 1, 1, false, OPTIONS.seed());
      assertSame(
          TinyModel.collect(
              new BlockwiseQuantization(model, PLAN, data, method(name, once), floats)),
          found.layers());
    }
  }

  @Test
  void errorsAreReportedAndTheDescentIsNotAboveGptq() {
    Map<String, Double> gptq = errors("gptq", Map.of("true_sequential", "false"));
    Map<String, Double> both = errors("gptq_quantease", Map.of());
    Map<String, Double> alone = errors("quantease", Map.of());
    assertEquals(7, gptq.size());
    gptq.forEach(
        (name, error) -> {
          assertTrue(error > 0 && error < 0.2, name + " " + error);
          assertTrue(both.get(name) <= error * (1 + 1e-5), name + " " + both.get(name));
          assertTrue(alone.get(name) > 0 && alone.get(name) < 0.2, name + " " + alone.get(name));
        });
  }

  /** Relative errors of the first block's layers. */
  private static Map<String, Double> errors(String name, Map<String, String> options) {
    Map<String, String> all = new LinkedHashMap<>(options);
    all.put("compute_quantization_recon_error", "true");
    try (Checkpoint source = TinyModel.open()) {
      Decoder model = Architectures.load(source);
      return run(model, method(name, all))
          .run((n, q) -> {}, RunListener.SILENT)
          .units()
          .getFirst()
          .figures();
    }
  }

  @Test
  void outliersLowerTheError() {
    double none = sum(errors("quantease", Map.of()));
    double columns = sum(errors("quantease_outlier", Map.of("structure_outlier", "true")));
    double entries = sum(errors("quantease_outlier", Map.of()));
    assertTrue(entries < none && columns < none, entries + " " + columns + " " + none);
  }

  private static double sum(Map<String, Double> errors) {
    return errors.values().stream().mapToDouble(Double::doubleValue).sum();
  }

  @Test
  void aLayerThatSawNothingIsRoundedAndTheRunSaysSo() {
    try (Checkpoint source = TinyModel.open()) {
      Decoder model = Architectures.load(source);
      for (String name : List.of("gptq", "quantease", "gptq_quantease")) {
        BlockQuantizer blind = method(name, Map.of("true_sequential", "false"));
        UnitResult result = new ObservedQuantization(model, PLAN, blind, 1).convert();
        assertEquals(14, result.layers().size());
        assertEquals(14, result.figures().size());
        assertTrue(
            result.figures().keySet().stream().allMatch(f -> f.startsWith("rounded_to_nearest.")));
      }
    }
  }

  @Test
  void aLayerThatSawTooLittleIsRoundedAndTheListenerHearsIt() {
    try (Checkpoint source = TinyModel.open()) {
      Decoder model = Architectures.load(source);
      List<String> warnings = new ArrayList<>();
      Unit unit = Unit.of(List.of(model.loadBlock(0)));
      Map<String, QuantScheme> schemes = new LinkedHashMap<>();
      unit.weights().keySet().forEach(n -> schemes.put(n, new IntegerGrid(3, 32, false)));
      UnitTask task =
          new UnitTask(
              0,
              unit,
              schemes,
              Activations.zeros(100, 16, 64),
              null,
              new boolean[0][],
              4,
              1,
              1,
              new UnitTask.IterationListener() {
                @Override
                public void iteration(int iteration, int iterations, double loss) {}

                @Override
                public void warning(String sentence) {
                  warnings.add(sentence);
                }
              });
      // 7 of 1600 tokens are less than 0.5 %, 8 are not.
      for (int tokens : new int[] {7, 8}) {
        warnings.clear();
        Layerwise gptq = (Layerwise) method("gptq", Map.of("true_sequential", "false"));
        Layerwise.Observed observed = gptq.observed(task);
        observed
            .unit()
            .forward(TinyModel.hidden(1, tokens, 64), BlockContext.of(1, tokens), Tape.off());
        assertEquals(7, observed.finish().get().layers().size());
        assertEquals(tokens == 7 ? 7 : 0, warnings.size(), warnings.toString());
      }
    }
  }

  @Test
  void secondGridsThatDoNotDivideTheRowsAreRefused() {
    try (Checkpoint source = TinyModel.open()) {
      Decoder model = Architectures.load(source);
      BlockwiseQuantization run =
          run(model, method("spqr", Map.of("qq_scale_bits", "3", "qq_groupsize", "7")));
      String message =
          assertThrows(TuningException.class, () -> run.run((n, q) -> {}, RunListener.SILENT))
              .getMessage();
      assertTrue(message.contains("no multiple of qq_groupsize, 7"), message);
    }
  }

  @Test
  void whatTheListenerHears() {
    try (Checkpoint source = TinyModel.open()) {
      Decoder model = Architectures.load(source);
      List<String> warnings = new ArrayList<>();
      run(model, method("gptq", Map.of("damp_percent", "0", "damp_auto_increment", "0")))
          .run(
              (n, q) -> {},
              new RunListener() {
                @Override
                public void warning(String sentence) {
                  warnings.add(sentence);
                }
              });
      // 192 tokens in at most 128 channels: nothing to fall back from.
      assertEquals(List.of(), warnings);
    }
  }

  @Test
  void wrongOptionsAreOneSentence() {
    for (Map<String, String> wrong :
        List.of(
            Map.of("damp_percent", "2"),
            Map.of("damp_percent", "-1"),
            Map.of("mse", "-2"),
            Map.of("num_iter", "3"))) {
      assertThrows(IllegalArgumentException.class, () -> method("gptq", wrong));
    }
    assertThrows(
        IllegalArgumentException.class, () -> method("quantease", Map.of("num_iter", "0")));
    assertEquals(
        1,
        Methods.named("gptq")
            .idle(MethodOptions.of(Map.of("act_order", "true", "act_group_aware", "false")))
            .size());
  }
}

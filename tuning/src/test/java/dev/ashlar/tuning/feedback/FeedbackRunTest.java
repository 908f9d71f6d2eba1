package dev.ashlar.tuning.feedback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tuning.BlockwiseQuantization;
import dev.ashlar.tuning.Collected;
import dev.ashlar.tuning.EndedAfter;
import dev.ashlar.tuning.Methods;
import dev.ashlar.tuning.RunListener;
import dev.ashlar.tuning.RunOptions;
import dev.ashlar.tuning.RunReport;
import dev.ashlar.tuning.TinyModel;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.plan.QuantizationPlan;
import dev.ashlar.tuning.quality.LogitComparison;
import dev.ashlar.tuning.quality.WindowListener;
import dev.ashlar.tuning.work.WorkFolder;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole runs of the method on a tiny model, with its ending. */
class FeedbackRunTest {
  private static final IntegerGrid W2 = new IntegerGrid(2, 32, false);

  @TempDir Path temporary;

  private static BlockwiseQuantization run(Decoder model, Map<String, String> options) {
    BlockQuantizer method = Feedback.METHOD.create(MethodOptions.of(options));
    return new BlockwiseQuantization(
        model,
        QuantizationPlan.uniform(W2),
        TinyModel.data(32, 16),
        method,
        new RunOptions(4, 1, 1, true, 42));
  }

  private static final Map<String, String> SHORT = Map.of("steps", "5", "held_out", "3");

  @Test
  void aRunThatIsEndedAnywhereGoesOnToTheSameResult() {
    try (Checkpoint source = TinyModel.open()) {
      Decoder model = Architectures.load(source);
      Collected whole = new Collected();
      RunReport report = run(model, SHORT).run(whole, RunListener.SILENT);
      assertEquals(3, report.units().size());
      // The second block, then steps of the ending; handing on comes after all of it.
      for (int calls : new int[] {2, 3, 5, 7}) {
        Path folder = temporary.resolve("after-" + calls);
        Collected broken = new Collected();
        BlockwiseQuantization first = run(model, SHORT);
        try (WorkFolder work = WorkFolder.open(folder, first.job(Map.of()), false)) {
          assertThrows(
              CancellationException.class,
              () -> first.run(Optional.of(work), broken, new EndedAfter(calls)));
        }
        assertTrue(broken.names().isEmpty());
        BlockwiseQuantization again = run(model, SHORT);
        for (int i = 0; i < 2; i++) {
          Collected resumed = new Collected();
          try (WorkFolder work = WorkFolder.open(folder, again.job(Map.of()), false)) {
            again.run(Optional.of(work), resumed, RunListener.SILENT);
          }
          whole.assertSame(resumed);
        }
      }
    }
  }

  @Test
  void layersThatPayBackAreCloserThanRoundToNearestAndTheEndingIsKeptForBeingCloser() {
    try (Checkpoint source = TinyModel.open()) {
      Decoder model = Architectures.load(source);
      Map<String, String> alone = Map.of("steps", "0");
      double nearest =
          divergence(
              model,
              new BlockwiseQuantization(
                  model,
                  QuantizationPlan.uniform(W2),
                  CalibrationSet.none(),
                  Methods.BASELINE.create(MethodOptions.none()),
                  RunOptions.defaults()));
      double solved = divergence(model, run(model, alone));
      assertTrue(solved < 0.7 * nearest, solved + " against " + nearest);
      Map<String, String> ending = Map.of("steps", "60", "rate", "0.005");
      double finished = divergence(model, run(model, ending));
      assertTrue(finished < 0.7 * nearest, finished + " against " + nearest);
      RunReport report = run(model, ending).run(new Collected(), RunListener.SILENT);
      Map<String, Double> figures = report.units().getLast().figures();
      assertTrue(figures.get("held-out KL after") < figures.get("held-out KL before"));
    }
  }

  private static double divergence(Decoder model, BlockwiseQuantization run) {
    Collected received = new Collected();
    run.run(received, RunListener.SILENT);
    Decoder quantized =
        TinyModel.quantized(model, received.layers())
            .mapTensors((name, t) -> received.tensors().getOrDefault(name, t));
    int[] ids = TinyModel.data(44, 16).ids(32, 12);
    return LogitComparison.of(model, quantized, ids, 16, 0, WindowListener.SILENT).klDivergence();
  }
}

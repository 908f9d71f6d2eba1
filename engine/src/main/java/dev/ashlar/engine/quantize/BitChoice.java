package dev.ashlar.engine.quantize;

import dev.ashlar.engine.job.JobListener;
import dev.ashlar.engine.job.Stage;
import dev.ashlar.io.InputException;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tuning.autoscheme.AutoScheme;
import dev.ashlar.tuning.autoscheme.AutoScheme.Allocation;
import dev.ashlar.tuning.autoscheme.SchemeOption;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.plan.QuantizationPlan;
import dev.ashlar.tuning.walk.ActivationStore;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;

/** Chooses bits for each layer, with scores that are measured once and kept. */
final class BitChoice {
  /** Samples and their length, as AutoRound measures. */
  static final int SAMPLES = 16;

  static final int LENGTH = 256;

  /** Bytes of hidden states that may lie in the heap. */
  private static final long IN_HEAP = 1L << 30;

  private final AutomaticBits asked;
  private final JobListener listener;
  private final Path spillFolder;

  /**
   * @param spillFolder takes hidden states where they are many
   */
  BitChoice(AutomaticBits asked, JobListener listener, Path spillFolder) {
    this.asked = asked;
    this.listener = listener;
    this.spillFolder = spillFolder;
  }

  /**
   * The plan with a scheme for each layer.
   *
   * @param plan rules of layers that are fixed, and which layers are left float
   * @param data to measure on
   * @param file of scores
   * @param facts about the model
   * @throws InputException if the average cannot be reached
   */
  QuantizationPlan settle(
      Decoder model,
      QuantizationPlan plan,
      CalibrationSet data,
      Path file,
      Map<String, String> facts) {
    Map<String, String> all = new TreeMap<>(facts);
    all.put("layers", plan.describe());
    all.put("checksum of the data", data.digest());
    ScoreFile kept = new ScoreFile(file, all);
    AutoScheme scheme = asked.scheme();
    try {
      scheme.requirePossible(model.spec(), model.tiedHead(), plan);
      List<SchemeOption> missing = kept.missing(scheme.options());
      if (!missing.isEmpty()) {
        kept.add(missing, measured(model, plan, data, missing));
      } else {
        listener.note("how much each layer minds fewer bits is known from " + file);
      }
      List<Map<String, Double>> scores = new ArrayList<>();
      for (SchemeOption o : scheme.options()) {
        scores.add(o.scheme().isFloat() ? Map.of() : kept.find(o).orElseThrow());
      }
      Allocation chosen = scheme.allocate(model.spec(), model.tiedHead(), plan, scores);
      listener.note(said(chosen));
      return chosen.plan();
    } catch (IllegalArgumentException e) {
      throw new InputException(e.getMessage(), e);
    }
  }

  private List<Map<String, Double>> measured(
      Decoder model, QuantizationPlan plan, CalibrationSet data, List<SchemeOption> options) {
    // States wait before each block and behind the last.
    ActivationStore store =
        ActivationStore.heapUpTo(IN_HEAP / (model.blockCount() + 1), spillFolder);
    try (Stage stage = listener.begin("measuring how much each layer minds fewer bits", 1)) {
      return asked
          .scheme()
          .withOptions(options)
          .scores(
              model,
              plan,
              data,
              store,
              done -> stage.at(done, ""),
              () -> {
                if (listener.cancelled()) {
                  throw new CancellationException("cancelled while sensitivities were measured");
                }
              });
    }
  }

  private static String said(Allocation chosen) {
    List<String> counts = new ArrayList<>();
    chosen.layers().forEach((name, n) -> counts.add(n + " × " + name));
    return String.format(
        Locale.ROOT,
        "layers have %.4f bits on average: %s",
        chosen.averageBits(),
        String.join(", ", counts));
  }
}

package dev.ashlar.engine.quantize;

import dev.ashlar.engine.harness.EvaluationText;
import dev.ashlar.engine.job.JobListener;
import dev.ashlar.engine.model.Model;
import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tuning.Methods;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What quantizing costs on each text that was asked for; nothing if none was. The texts are read at
 * once, so that faults show before anything expensive begins. What waits for the result, in files
 * perhaps, is let go of when this is closed, however the run ends.
 */
final class Measures implements AutoCloseable {
  private final QuantizeRequest request;
  private final JobListener listener;
  private final List<EvaluationText> texts;
  private final List<Perplexities> each = new ArrayList<>();

  private Measures(QuantizeRequest request, JobListener listener, List<EvaluationText> texts) {
    this.request = request;
    this.listener = listener;
    this.texts = texts;
  }

  /** Reads the texts; says so where an option about one does nothing. */
  static Measures read(QuantizeRequest request, JobListener listener) {
    List<EvaluationText> texts = request.evaluation().map(Texts::evaluation).orElse(List.of());
    texts.forEach(text -> text.idle().ifPresent(listener::warning));
    return new Measures(request, listener, texts);
  }

  /**
   * Tokenizes the texts.
   *
   * @param data knows which lengths the model takes
   * @throws dev.ashlar.io.InputException if a text is shorter than one window
   */
  void tokenize(Model model, JobData data) {
    if (texts.isEmpty()) {
      return;
    }
    QuantizeRequest.Evaluation e = request.evaluation().orElseThrow();
    int length = data.fitting(e.length(), model, "--eval-seqlen");
    for (EvaluationText text : texts) {
      each.add(
          new Perplexities(
              listener,
              text.name(),
              text.ids(model),
              length,
              text.windows(e.limit()),
              request.memory().folder()));
    }
  }

  /**
   * Measures the float model, and the same with every layer rounded to its scheme; not the latter
   * where that is what the method makes, for the result is going to be measured.
   */
  void before(Decoder model, Map<String, QuantScheme> schemes) {
    boolean alike = request.choice().method() == Methods.BASELINE;
    for (Perplexities p : each) {
      p.original(model);
      if (!alike) {
        p.rounded(model, schemes);
      }
    }
  }

  /**
   * All figures, with those of what lies in a finished folder.
   *
   * @param source of the float model, of which the output map is read again
   */
  List<QuantizeResult.Measured> after(Path folder, Checkpoint source) {
    if (each.isEmpty()) {
      return List.of();
    }
    Decoder original = Architectures.load(source);
    try (Checkpoint again = Checkpoints.open(folder)) {
      again.isCopyOf(source);
      Decoder result = Architectures.load(again);
      return each.stream().map(p -> p.after(original, result)).toList();
    }
  }

  @Override
  public void close() {
    each.forEach(Perplexities::close);
  }
}

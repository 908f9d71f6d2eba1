package dev.ashlar.engine.harness;

import dev.ashlar.engine.data.DatasetFiles;
import dev.ashlar.engine.job.Faults;
import dev.ashlar.engine.model.Model;
import dev.ashlar.engine.model.ModelEncoder;
import dev.ashlar.io.InputException;
import dev.ashlar.tuning.calibration.CalibrationException;
import dev.ashlar.tuning.calibration.DatasetSpec;
import dev.ashlar.tuning.calibration.DocumentEncoder;
import dev.ashlar.tuning.calibration.Documents;
import dev.ashlar.tuning.calibration.Encoder;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A data set that perplexity is measured on: one sequence of tokens. A running text, or separate
 * texts joined by blank lines, is tokenized once without special tokens; conversations, which the
 * model's template renders, and texts that are token ids already follow each other as they are.
 *
 * @param spec how it was asked for
 * @param documents what was read
 */
public record EvaluationText(DatasetSpec spec, Documents documents) implements Assignment {
  /**
   * The data sets that a user names, in that order; see {@link DatasetFiles#specs}.
   *
   * @throws dev.ashlar.io.AshlarException if one is not there, cannot be read, or has an unknown
   *     option
   */
  public static List<EvaluationText> read(String datasets, DatasetFiles files) {
    return Faults.translated(() -> DatasetFiles.specs(datasets)).stream()
        .map(spec -> new EvaluationText(spec, files.read(spec)))
        .toList();
  }

  /** A text at hand. */
  public static EvaluationText of(String name, String text) {
    return new EvaluationText(DatasetSpec.of(name), new Documents.PlainText(text));
  }

  /** What messages and reports call it. */
  public String name() {
    return spec.name();
  }

  /** Options of the data set that do nothing, as a sentence. */
  public Optional<String> idle() {
    return spec.concat()
        ? Optional.of(
            name() + ": concat has no effect: what perplexity is measured on is joined anyway")
        : Optional.empty();
  }

  /**
   * Windows to measure at most: the data set's own {@code num}, or what holds for all.
   *
   * @param all 0 for as many as there are
   */
  public int windows(int all) {
    return spec.num().orElse(all);
  }

  /**
   * The tokens.
   *
   * @throws InputException if conversations are to be rendered and cannot be, or are not to be, or
   *     the model does not know a token
   */
  public int[] ids(Model model) {
    Encoder encoder = ModelEncoder.forEvaluation(model);
    int[] ids;
    try {
      ids = ids(encoder, new DocumentEncoder(spec, encoder));
    } catch (CalibrationException e) {
      throw new InputException(e.getMessage(), e);
    }
    model.requireTokens(ids);
    return ids;
  }

  private int[] ids(Encoder encoder, DocumentEncoder each) {
    return switch (documents) {
      case Documents.PlainText text -> each.ids(text);
      case Documents.Separate separate -> {
        List<Documents.Document> all = separate.documents();
        boolean texts = all.stream().allMatch(Documents.Text.class::isInstance);
        yield texts && !spec.chatTemplate()
            ? encoder.encode(
                String.join("\n\n", all.stream().map(d -> ((Documents.Text) d).text()).toList()),
                false)
            : all.stream().map(d -> each.ids(d, false)).flatMapToInt(Arrays::stream).toArray();
      }
    };
  }
}

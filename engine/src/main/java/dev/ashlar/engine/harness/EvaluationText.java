package dev.ashlar.engine.harness;

import dev.ashlar.engine.data.DatasetFiles;
import dev.ashlar.engine.job.Faults;
import dev.ashlar.engine.model.Model;
import dev.ashlar.engine.model.ModelEncoder;
import dev.ashlar.io.InputException;
import dev.ashlar.tuning.calibration.DatasetSpec;
import dev.ashlar.tuning.calibration.Documents;
import dev.ashlar.tuning.calibration.Encoder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A data set that perplexity is measured on: one sequence of tokens. A running text, or separate
 * texts joined by blank lines, is tokenized once without special tokens; conversations, which the
 * model's template renders, and texts that are token ids already follow each other as they are.
 *
 * @param spec how it was asked for
 * @param documents what was read
 */
public record EvaluationText(DatasetSpec spec, Documents documents) {
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
    int[] ids =
        switch (documents) {
          case Documents.PlainText text -> ofText(text.text(), model);
          case Documents.Separate separate -> ofDocuments(separate.documents(), model);
        };
    model.requireTokens(ids);
    return ids;
  }

  private int[] ofText(String text, Model model) {
    if (spec.chatTemplate()) {
      throw new InputException(
          name()
              + ": apply_chat_template is for conversations and separate texts, and this is one"
              + " text; give a .jsonl file");
    }
    return ModelEncoder.forEvaluation(model).encode(text, false);
  }

  private int[] ofDocuments(List<Documents.Document> all, Model model) {
    Encoder encoder = ModelEncoder.forEvaluation(model);
    boolean texts = all.stream().allMatch(Documents.Text.class::isInstance);
    if (texts && !spec.chatTemplate()) {
      return encoder.encode(
          String.join("\n\n", all.stream().map(d -> ((Documents.Text) d).text()).toList()), false);
    }
    return all.stream()
        .map(document -> ids(document, encoder))
        .flatMapToInt(Arrays::stream)
        .toArray();
  }

  private int[] ids(Documents.Document document, Encoder encoder) {
    return switch (document) {
      case Documents.Tokens tokens -> tokens.ids();
      case Documents.Text text ->
          spec.chatTemplate()
              ? rendered(List.of(message("user", text.text())), encoder)
              : encoder.encode(text.text(), false);
      case Documents.Chat chat -> {
        if (!spec.chatTemplate()) {
          throw new InputException(
              name()
                  + ": it holds conversations; add :apply_chat_template to have the model's"
                  + " template render them");
        }
        yield rendered(chat.messages(), encoder);
      }
    };
  }

  /** A conversation behind the system's message, unless it begins with one of its own. */
  private int[] rendered(List<Map<String, Object>> messages, Encoder encoder) {
    List<Map<String, Object>> all = new ArrayList<>(messages);
    boolean own = !all.isEmpty() && "system".equals(all.getFirst().get("role"));
    if (!own && !spec.systemPrompt().isEmpty()) {
      all.addFirst(message("system", spec.systemPrompt()));
    }
    try {
      return encoder.chat(all);
    } catch (UnsupportedOperationException e) {
      throw new InputException(
          name() + ": the model has no chat template to apply; give rendered text instead", e);
    }
  }

  private static Map<String, Object> message(String role, String content) {
    Map<String, Object> message = new LinkedHashMap<>();
    message.put("role", role);
    message.put("content", content);
    return message;
  }
}

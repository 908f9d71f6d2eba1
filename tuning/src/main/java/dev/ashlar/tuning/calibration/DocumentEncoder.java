package dev.ashlar.tuning.calibration;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Turns what a data set holds into token ids, as it was asked for: conversations, and with {@code
 * apply_chat_template} texts, go through the model's template.
 */
public final class DocumentEncoder {
  private final DatasetSpec spec;
  private final Encoder encoder;

  /** For one data set and one model. */
  public DocumentEncoder(DatasetSpec spec, Encoder encoder) {
    this.spec = spec;
    this.encoder = encoder;
  }

  /**
   * The ids of one running text, without special tokens.
   *
   * @throws CalibrationException if a template is asked for, which one text has no use for
   */
  public int[] ids(Documents.PlainText text) {
    if (spec.chatTemplate()) {
      throw new CalibrationException(
          spec.name(),
          "apply_chat_template is for conversations and separate texts, and this is one text",
          "give a .jsonl file");
    }
    return encoder.encode(text.text(), false);
  }

  /**
   * The ids of one document.
   *
   * @param specialTokens whether a text that is not rendered gets what the tokenizer puts around it
   * @throws CalibrationException if conversations are to be rendered and cannot be, or are not to
   *     be
   */
  public int[] ids(Documents.Document document, boolean specialTokens) {
    return switch (document) {
      case Documents.Tokens t -> t.ids();
      case Documents.Text t ->
          spec.chatTemplate()
              ? rendered(List.of(message("user", t.text())))
              : encoder.encode(t.text(), specialTokens);
      case Documents.Chat c -> {
        if (!spec.chatTemplate()) {
          throw new CalibrationException(
              spec.name(),
              "it holds conversations",
              "add :apply_chat_template to have the model's template render them");
        }
        yield rendered(c.messages());
      }
    };
  }

  /** A conversation behind the system's message, unless it begins with one of its own. */
  private int[] rendered(List<Map<String, Object>> messages) {
    boolean own = !messages.isEmpty() && "system".equals(messages.getFirst().get("role"));
    List<Map<String, Object>> all = new ArrayList<>();
    if (!own && !spec.systemPrompt().isEmpty()) {
      all.add(message("system", spec.systemPrompt()));
    }
    all.addAll(messages);
    return encoder
        .chat(all)
        .orElseThrow(
            () ->
                new CalibrationException(
                    spec.name(),
                    "the model has no chat template to apply",
                    "give rendered text instead"));
  }

  private static Map<String, Object> message(String role, String content) {
    Map<String, Object> message = new LinkedHashMap<>();
    message.put("role", role);
    message.put("content", content);
    return message;
  }
}

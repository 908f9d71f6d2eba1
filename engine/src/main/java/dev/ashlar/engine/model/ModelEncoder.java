package dev.ashlar.engine.model;

import dev.ashlar.text.chat.ChatTemplate;
import dev.ashlar.text.chat.ChatTemplateException;
import dev.ashlar.tuning.calibration.Encoder;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A model's tokenizer and chat template, as calibration and evaluation ask for them. */
public final class ModelEncoder implements Encoder {
  private final Model model;
  private final boolean opensAnswer;
  private Optional<ChatTemplate> template;

  private ModelEncoder(Model model, boolean opensAnswer) {
    this.model = model;
    this.opensAnswer = opensAnswer;
  }

  /** One whose conversations end where the model's next answer begins, as AutoRound has them. */
  public static ModelEncoder forCalibration(Model model) {
    return new ModelEncoder(model, true);
  }

  /** One whose conversations end with their last message. */
  public static ModelEncoder forEvaluation(Model model) {
    return new ModelEncoder(model, false);
  }

  @Override
  public int[] encode(String text, boolean specialTokens) {
    return model.plainTokenizer().encode(text, specialTokens);
  }

  /** The template writes the token that opens a text, so that none is added. */
  @Override
  public Optional<int[]> chat(List<Map<String, Object>> messages) {
    if (template == null) {
      template = model.chatTemplate();
    }
    return template.map(known -> encode(rendered(known, messages), false));
  }

  /** Templates that know no system's message refuse it, and are then told none. */
  private String rendered(ChatTemplate known, List<Map<String, Object>> messages) {
    try {
      return known.render(messages, opensAnswer);
    } catch (ChatTemplateException e) {
      List<Map<String, Object>> others =
          messages.stream().filter(m -> !"system".equals(m.get("role"))).toList();
      if (others.size() == messages.size()) {
        throw e;
      }
      return known.render(others, opensAnswer);
    }
  }
}

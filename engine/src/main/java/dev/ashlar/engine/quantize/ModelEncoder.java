package dev.ashlar.engine.quantize;

import dev.ashlar.engine.model.Model;
import dev.ashlar.text.chat.ChatTemplate;
import dev.ashlar.text.chat.ChatTemplateException;
import dev.ashlar.tuning.calibration.Encoder;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A model's tokenizer and chat template, as calibration asks for them. */
final class ModelEncoder implements Encoder {
  private final Model model;
  private Optional<ChatTemplate> template;

  ModelEncoder(Model model) {
    this.model = model;
  }

  @Override
  public int[] encode(String text, boolean specialTokens) {
    return model.plainTokenizer().encode(text, specialTokens);
  }

  /** The template writes the token that opens a text, so that none is added. */
  @Override
  public int[] chat(List<Map<String, Object>> messages) {
    if (template == null) {
      template = model.chatTemplate();
    }
    ChatTemplate known =
        template.orElseThrow(() -> new UnsupportedOperationException("there is no chat template"));
    return encode(rendered(known, messages), false);
  }

  /** Templates that know no system's message refuse it, and are then told none. */
  private static String rendered(ChatTemplate template, List<Map<String, Object>> messages) {
    try {
      return template.render(messages, true);
    } catch (ChatTemplateException e) {
      List<Map<String, Object>> others =
          messages.stream().filter(m -> !"system".equals(m.get("role"))).toList();
      if (others.size() == messages.size()) {
        throw e;
      }
      return template.render(others, true);
    }
  }
}

package dev.ashlar.engine;

import java.util.Map;
import java.util.Optional;

/**
 * How a conversation is held.
 *
 * @param generation how each answer is generated
 * @param system what the model is told before everything else
 * @param template instead of the model's own
 * @param variables more variables for the template, such as {@code enable_thinking}
 */
public record ChatOptions(
    GenerationOptions generation,
    Optional<String> system,
    Optional<Template> template,
    Map<String, Object> variables) {
  /**
   * A template in place of the model's own.
   *
   * @param jinja its text
   * @param origin what messages call it
   */
  public record Template(String jinja, String origin) {}

  public ChatOptions {
    variables = Map.copyOf(variables);
  }

  /** Answers by the defaults of {@link GenerationOptions}, the model's own template. */
  public static ChatOptions defaults() {
    return new ChatOptions(
        GenerationOptions.defaults(), Optional.empty(), Optional.empty(), Map.of());
  }

  /** The same with answers generated otherwise. */
  public ChatOptions with(GenerationOptions other) {
    return new ChatOptions(other, system, template, variables);
  }

  /** The same with a message before everything else. */
  public ChatOptions withSystem(String text) {
    return new ChatOptions(generation, Optional.of(text), template, variables);
  }

  /** The same with the text of another template. */
  public ChatOptions withTemplate(String jinja) {
    return with(new Template(jinja, "the template that was given"));
  }

  /** The same with another template. */
  public ChatOptions with(Template other) {
    return new ChatOptions(generation, system, Optional.of(other), variables);
  }

  /** The same with variables for the template in place of its own. */
  public ChatOptions withVariables(Map<String, Object> values) {
    return new ChatOptions(generation, system, template, values);
  }
}

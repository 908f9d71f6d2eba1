package dev.ashlar.text.chat;

import dev.ashlar.text.TokenizerSource;
import dev.ashlar.text.jinja.Template;
import dev.ashlar.text.jinja.value.TemplateException;
import java.time.Clock;
import java.time.LocalDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The template that turns a conversation into a model's prompt, rendered as transformers' {@code
 * apply_chat_template} renders it; may be shared between threads.
 *
 * <p>A message is a map with {@code role} and {@code content} and whatever else the template reads
 * ({@code tool_calls}, {@code reasoning_content}…). The text begins with the opening token if the
 * template writes one: encode it without adding special tokens.
 */
public final class ChatTemplate {
  /** The name of the template that is meant where several have names. */
  public static final String DEFAULT = "default";

  /** The name of the template that transformers takes instead if there are tools. */
  public static final String TOOL_USE = "tool_use";

  private static final String MARK = "ashlar-answer";

  /** What a message's reasoning is called, in the order in which it is looked for. */
  private static final List<String> REASONING =
      List.of("reasoning_content", "thinking", "reasoning");

  private final String file;
  private final Map<String, String> sources;
  private final Map<String, String> specialTokens;
  private final Clock clock;
  private final Map<String, Template> parsed = new ConcurrentHashMap<>();

  private ChatTemplate(
      String file, Map<String, String> sources, Map<String, String> specialTokens, Clock clock) {
    this.file = file;
    this.sources = sources;
    this.specialTokens = specialTokens;
    this.clock = clock;
  }

  /**
   * A template.
   *
   * @param source the template's text
   * @param specialTokens by their names in templates: {@code bos_token}, {@code eos_token}…
   * @param file what to call its origin in messages
   * @throws ChatTemplateException if it is ill-formed
   */
  public static ChatTemplate of(String source, Map<String, String> specialTokens, String file) {
    ChatTemplate template = named(Map.of(DEFAULT, source), specialTokens, file);
    template.template(DEFAULT);
    return template;
  }

  /** Templates by name, each parsed when it is first used. */
  static ChatTemplate named(
      Map<String, String> sources, Map<String, String> specialTokens, String file) {
    return new ChatTemplate(
        file, new LinkedHashMap<>(sources), Map.copyOf(specialTokens), Clock.systemDefaultZone());
  }

  /**
   * The template that comes with a checkpoint, if one does: of {@code chat_template.jinja}, of
   * {@code tokenizer_config.json} (one, or several with names), of {@code chat_template.json}, or
   * of a GGUF file's metadata.
   *
   * @throws dev.ashlar.io.InputException if a file that may hold it is faulty
   */
  public static Optional<ChatTemplate> of(TokenizerSource source) {
    return switch (source) {
      case TokenizerSource.Folder f -> FolderTemplates.read(f.folder());
      case TokenizerSource.Metadata m -> MetadataTemplates.read(m.file(), m.values());
    };
  }

  /** The same template, to which it is always the time of {@code other}. */
  public ChatTemplate withClock(Clock other) {
    return new ChatTemplate(file, sources, specialTokens, other);
  }

  /** Where the template comes from. */
  public String file() {
    return file;
  }

  /** The names of all templates; usually only {@link #DEFAULT}. */
  public Set<String> names() {
    return java.util.Collections.unmodifiableSet(sources.keySet());
  }

  /** The text of a template. */
  public Optional<String> source(String name) {
    return Optional.ofNullable(sources.get(name));
  }

  /** Special tokens by the names under which templates see them. */
  public Map<String, String> specialTokens() {
    return specialTokens;
  }

  /**
   * The prompt for a conversation.
   *
   * @param addGenerationPrompt whether the text ends where the model's answer begins
   * @throws ChatTemplateException if the template fails or refuses
   */
  public String render(List<? extends Map<String, ?>> messages, boolean addGenerationPrompt) {
    return render(messages, null, addGenerationPrompt, Map.of());
  }

  /**
   * The prompt for a conversation.
   *
   * @param tools their JSON schemas as maps; null if there are none
   * @param addGenerationPrompt whether the text ends where the model's answer begins
   * @param variables more variables, which win over special tokens: {@code enable_thinking}, {@code
   *     documents}…
   * @throws ChatTemplateException if the template fails or refuses
   */
  public String render(
      List<? extends Map<String, ?>> messages,
      List<?> tools,
      boolean addGenerationPrompt,
      Map<String, ?> variables) {
    Map<String, Object> all = new LinkedHashMap<>(specialTokens);
    all.put("documents", null);
    all.putAll(variables);
    all.put("messages", messages.stream().map(ChatTemplate::withReasoning).toList());
    all.put("tools", tools);
    all.put("add_generation_prompt", addGenerationPrompt);
    Template template =
        template(tools != null && sources.containsKey(TOOL_USE) ? TOOL_USE : DEFAULT);
    try {
      return template.render(all, LocalDateTime.now(clock));
    } catch (TemplateException e) {
      throw new ChatTemplateException(file, e);
    }
  }

  /**
   * A message whose reasoning, whatever it is called, has the names that templates read: {@code
   * reasoning_content}, and {@code thinking} where the message has none.
   */
  private static Map<String, Object> withReasoning(Map<String, ?> message) {
    for (String name : REASONING) {
      if (message.get(name) != null) {
        Map<String, Object> named = new LinkedHashMap<>();
        named.put("thinking", message.get(name));
        named.putAll(message);
        named.put(REASONING.getFirst(), message.get(name));
        return named;
      }
    }
    return new LinkedHashMap<>(message);
  }

  /**
   * What the template writes behind an answer: the token that ends it, and perhaps more. Empty if
   * the template writes none or does not accept the simplest conversation.
   */
  public String endOfAnswer() {
    List<Map<String, String>> messages =
        List.of(
            Map.of("role", "user", "content", "a"), Map.of("role", "assistant", "content", MARK));
    try {
      String text = render(messages, false);
      int at = text.lastIndexOf(MARK);
      return at < 0 ? "" : text.substring(at + MARK.length());
    } catch (ChatTemplateException e) {
      return "";
    }
  }

  private Template template(String name) {
    String source = sources.get(name);
    if (source == null) {
      throw new ChatTemplateException(
          file,
          new TemplateException(
              TemplateException.Kind.SYNTAX,
              "there is none named '" + name + "', only " + sources.keySet(),
              1));
    }
    try {
      return parsed.computeIfAbsent(name, n -> Template.parse(source));
    } catch (TemplateException e) {
      throw new ChatTemplateException(file, e);
    }
  }
}

package dev.ashlar.cli.command;

import dev.ashlar.cli.chat.ChatSession;
import dev.ashlar.cli.console.Console;
import dev.ashlar.cli.console.ConsoleListener;
import dev.ashlar.cli.console.Keyboard;
import dev.ashlar.cli.console.Report;
import dev.ashlar.engine.ChatOptions;
import dev.ashlar.engine.LanguageModel;
import dev.ashlar.engine.ModelOptions;
import dev.ashlar.engine.chat.Conversation;
import dev.ashlar.io.InputException;
import dev.ashlar.io.file.WholeFile;
import dev.ashlar.io.json.Json;
import dev.ashlar.text.chat.ChatTemplate;
import dev.ashlar.text.chat.ChatTemplateException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Talks with a model. */
@CommandLine.Command(
    description = {
      "Talks with a model by its chat template. Each line of the input is a message.",
      "",
      "/help shows what else can be typed. Ctrl-C stops an answer, not the program."
    },
    footer = {
      "  ashlar chat --model out",
      "  ashlar chat --model m.gguf --system \"Answer in one sentence.\" --temperature 0",
      "  echo \"What is the capital of France?\" | ashlar chat --model m.gguf --json",
      "  ashlar chat --model m --variable enable_thinking=false"
    })
final class ChatCommand extends Command {
  /** Bytes; a template beyond that is none. */
  private static final long LARGEST_TEMPLATE = 4L << 20;

  private static final int MAX_TOKENS = 1024;

  private static final String SYSTEM_MARK = "ashlar-system";

  @Option(
      names = "--model",
      paramLabel = "PATH",
      required = true,
      description =
          "Model folder, .safetensors or .gguf file, or hub id (ORG/NAME); also by itself.")
  String model;

  @Option(
      names = "--system",
      paramLabel = "TEXT",
      description = "Tell the model this before everything else.")
  String system;

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      description =
          "Tokens of an answer at most (default: as the model's generation_config.json says, else "
              + MAX_TOKENS
              + ").")
  Integer maxTokens;

  @Mixin BackendOption backend;

  @Mixin AdapterOptions adapters;

  @Mixin ActivationsOption activations;

  @Mixin HeadOption head;

  @Mixin SamplingOptions sampling;

  @Option(
      names = "--chat-template",
      paramLabel = "FILE",
      description = "A Jinja template instead of the model's own.")
  Path templateFile;

  @Option(
      names = "--variable",
      paramLabel = "NAME=VALUE",
      description = "A variable for the template, as JSON or as text; may be repeated.")
  Map<String, String> variables = new LinkedHashMap<>();

  ChatCommand(Console console) {
    super(console);
  }

  @Override
  Report execute() {
    ModelOptions options =
        backend
            .in(ModelOptions.defaults())
            .withActivations(activations.activations())
            .withHead(head.head())
            .withAdapters(adapters.files());
    ChatOptions how =
        ChatOptions.defaults()
            .with(sampling.options(maxTokens, MAX_TOKENS))
            .withVariables(values());
    sampling.warnOfIdle(console::warning);
    try (LanguageModel opened = LanguageModel.open(model, options, new ConsoleListener(console))) {
      activations.warnOfIdle(opened, console::warning);
      ChatOptions told = template(opened, how);
      warnOfIdleVariables(opened, told);
      warnOfIdleSystem(opened, told);
      backend.announce(console::note);
      // The keyboard last: until then Ctrl-C ends the program as ever.
      try (Conversation conversation = opened.chat(told);
          Keyboard keyboard = Keyboard.ofProcess()) {
        conversation.system(system);
        ChatSession session = new ChatSession(conversation, console, keyboard, json);
        session.run(model);
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("model", model);
        facts.put("backend", opened.backend());
        facts.put("turns", session.turns());
        return new Report("", facts);
      }
    }
  }

  private ChatOptions template(LanguageModel opened, ChatOptions how) {
    if (templateFile != null) {
      String source = WholeFile.text(templateFile, LARGEST_TEMPLATE);
      return how.with(new ChatOptions.Template(source, templateFile.toString()));
    }
    if (opened.chatTemplate().isEmpty()) {
      throw new InputException(
          opened.path()
              + ": the model has no chat template, so it was probably not made for conversations;"
              + " continue a text with 'ashlar generate', or give a template with --chat-template");
    }
    return how;
  }

  /** A variable whose name is nowhere in the templates does nothing. */
  private void warnOfIdleVariables(LanguageModel opened, ChatOptions told) {
    String source =
        told.template()
            .map(ChatOptions.Template::jinja)
            .or(() -> opened.chatTemplate().map(ChatCommand::sources))
            .orElse("");
    for (String name : variables.keySet()) {
      if (!source.contains(name)) {
        console.warning(
            "--variable " + name + " has no effect: the chat template has no such name");
      }
    }
  }

  /** A template may have no place for what the model is told first. */
  private void warnOfIdleSystem(LanguageModel opened, ChatOptions told) {
    if (system == null || system.isBlank()) {
      return;
    }
    Map<String, String> tokens =
        opened.chatTemplate().map(ChatTemplate::specialTokens).orElse(Map.of());
    Optional<ChatTemplate> template =
        told.template()
            .map(t -> ChatTemplate.of(t.jinja(), tokens, t.origin()))
            .or(opened::chatTemplate);
    try {
      List<Map<String, Object>> messages =
          List.of(
              Map.of("role", "system", "content", SYSTEM_MARK),
              Map.of("role", "user", "content", "a"));
      if (template.isPresent() && !template.get().render(messages, true).contains(SYSTEM_MARK)) {
        console.warning("--system has no effect: the chat template has no place for it");
      }
    } catch (ChatTemplateException e) {
      // A template that refuses does so when the conversation begins, and says more about it.
      return;
    }
  }

  private static String sources(ChatTemplate template) {
    return template.names().stream()
        .map(name -> template.source(name).orElse(""))
        .collect(Collectors.joining("\n"));
  }

  /** The variables, each as JSON if it is JSON. */
  private Map<String, Object> values() {
    Map<String, Object> values = new LinkedHashMap<>();
    variables.forEach(
        (name, text) -> {
          try {
            values.put(name, Json.parse(text.getBytes(StandardCharsets.UTF_8), name));
          } catch (InputException e) {
            values.put(name, text);
          }
        });
    return values;
  }
}

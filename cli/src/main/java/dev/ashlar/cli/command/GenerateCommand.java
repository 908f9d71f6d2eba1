package dev.ashlar.cli.command;

import dev.ashlar.cli.console.Console;
import dev.ashlar.cli.console.ConsoleListener;
import dev.ashlar.cli.console.Figures;
import dev.ashlar.cli.console.Report;
import dev.ashlar.engine.Generated;
import dev.ashlar.engine.GenerationOptions;
import dev.ashlar.engine.LanguageModel;
import dev.ashlar.engine.ModelOptions;
import dev.ashlar.io.InputException;
import dev.ashlar.nn.generate.Generator;
import dev.ashlar.tensor.kv.KvPrecision;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Continues a text. */
@CommandLine.Command(
    description = "Continues a prompt, as it is (no chat template), and streams the text.",
    footer = {
      "  ashlar generate --model out --prompt \"The capital of France is\"",
      "  ashlar generate --model m.gguf --prompt \"Once\" --temperature 0 --max-tokens 8 --json"
    })
final class GenerateCommand extends Command {
  private static final int MAX_TOKENS = 128;

  @Option(
      names = "--model",
      paramLabel = "PATH",
      required = true,
      description =
          "Model folder, .safetensors or .gguf file, hub id (ORG/NAME), or 'demo'; also by"
              + " itself.")
  String model;

  @Option(
      names = "--prompt",
      paramLabel = "TEXT",
      required = true,
      description = "The text to continue.")
  String prompt;

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      description =
          "Tokens to generate at most (default: as the model's generation_config.json says, else "
              + MAX_TOKENS
              + ").")
  Integer maxTokens;

  @Option(
      names = "--kv-cache",
      paramLabel = "TYPE",
      defaultValue = "f32",
      description =
          "How keys and values are kept: f32, f16 (half the memory) or int8 (a quarter, rounded to"
              + " a byte) (default: ${DEFAULT-VALUE}).")
  String kvCache;

  @Mixin BackendOption backend;

  @Mixin AdapterOptions adapters;

  @Mixin ActivationsOption activations;

  @Mixin HeadOption head;

  @Mixin SamplingOptions sampling;

  GenerateCommand(Console console) {
    super(console);
  }

  @Override
  Report execute() {
    ModelOptions options =
        backend
            .in(ModelOptions.defaults())
            .withActivations(activations.activations())
            .withHead(head.head())
            .withKvCache(precision())
            .withAdapters(adapters.files());
    GenerationOptions how = sampling.options(maxTokens, MAX_TOKENS);
    sampling.warnOfIdle(console::warning);
    try (LanguageModel opened = LanguageModel.open(model, options, new ConsoleListener(console))) {
      activations.warnOfIdle(opened, console::warning);
      if (opened.tokenizer().encode(prompt, true).length == 0) {
        throw new InputException("the prompt is empty; give --prompt some text");
      }
      backend.announce(console::note);
      opened.load(prompt, how);
      show(prompt);
      Generated generated = opened.generate(prompt, how, this::show);
      if (!json) {
        console.out().println();
        console.out().flush();
        console.note(figures(generated.result()));
      }
      return new Report("", facts(generated, opened.backend()));
    }
  }

  private KvPrecision precision() {
    for (KvPrecision p : KvPrecision.values()) {
      if (p.name().equalsIgnoreCase(kvCache)) {
        return p;
      }
    }
    throw usage("--kv-cache must be f32, f16 or int8: " + kvCache);
  }

  private void show(String piece) {
    if (!json) {
      console.out().print(piece);
      console.requireWritten();
    }
  }

  private static String figures(Generator.Result r) {
    String full =
        r.end() == Generator.End.CONTEXT
            ? "the model's context is full, --beyond-context goes on; "
            : "";
    return "["
        + full
        + r.promptTokens()
        + " prompt tokens at "
        + Figures.significant(r.promptTokensPerSecond())
        + "/s, "
        + r.tokens().size()
        + " generated at "
        + Figures.significant(r.tokensPerSecond())
        + "/s]";
  }

  private Map<String, Object> facts(Generated generated, String computed) {
    Generator.Result r = generated.result();
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("model", model);
    facts.put("prompt", prompt);
    facts.put("text", generated.text());
    facts.put("backend", computed);
    facts.put("activations", activations.type);
    facts.put("head", head.type);
    facts.put("tokens", (long) r.tokens().size());
    facts.put("promptTokens", (long) generated.promptTokens());
    facts.put("promptTokensPerSecond", r.promptTokensPerSecond());
    facts.put("tokensPerSecond", r.tokensPerSecond());
    facts.put("end", r.end().name().toLowerCase(Locale.ROOT));
    return facts;
  }
}

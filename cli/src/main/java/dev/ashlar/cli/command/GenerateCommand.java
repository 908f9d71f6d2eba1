package dev.ashlar.cli.command;

import dev.ashlar.cli.console.Console;
import dev.ashlar.cli.console.Figures;
import dev.ashlar.cli.console.Report;
import dev.ashlar.engine.model.Model;
import dev.ashlar.io.InputException;
import dev.ashlar.nn.decoder.InferenceOptions;
import dev.ashlar.nn.decoder.KvCache;
import dev.ashlar.nn.generate.Generator;
import dev.ashlar.tensor.kernel.Activations;
import dev.ashlar.text.tokenizer.StreamDecoder;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Continues a text. */
@CommandLine.Command(
    name = "generate",
    description = "Continues a prompt, as it is (no chat template), and streams the text.",
    footer = {
      "  ashlar generate --model out --prompt \"The capital of France is\"",
      "  ashlar generate --model m.gguf --prompt \"Once\" --temperature 0 --max-tokens 8 --json"
    })
final class GenerateCommand extends Command {
  @Option(
      names = "--model",
      paramLabel = "PATH",
      required = true,
      description = "Model folder, .safetensors or .gguf file, hub id in the cache, or 'demo'.")
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
      defaultValue = "128",
      description = "Tokens to generate at most (default: ${DEFAULT-VALUE}).")
  int maxTokens;

  @Option(
      names = "--kv-cache",
      paramLabel = "TYPE",
      defaultValue = "f32",
      description = {
        "How keys and values are kept: f32, f16 (half the memory) or int8 (a quarter, rounded to a",
        "byte) (default: ${DEFAULT-VALUE})."
      })
  String kvCache;

  @Mixin ActivationsOption activations;

  @Mixin SamplingOptions sampling;

  GenerateCommand(Console console) {
    super(console);
  }

  @Override
  Report execute() {
    requireUsage(maxTokens >= 1, "--max-tokens must be at least 1: " + maxTokens);
    KvCache.Precision precision = precision();
    Activations taken = activations.activations();
    try (Model opened = Model.open(model)) {
      int[] ids = opened.tokenizer().encode(prompt, true);
      if (ids.length == 0) {
        throw new InputException("the prompt is empty; give --prompt some text");
      }
      InferenceOptions options = InferenceOptions.defaults().with(taken).forPrompt(ids.length);
      Generator generator = new Generator(opened.runner(options), sampling.sampler(), precision);
      StreamDecoder stream = opened.tokenizer().stream();
      StringBuilder text = new StringBuilder();
      if (!json) {
        console.out().print(prompt);
      }
      Generator.Result result =
          generator.generate(
              ids, maxTokens, opened.stopTokens(), id -> show(text, stream.push(id)));
      show(text, stream.flush());
      if (!json) {
        console.out().println();
        console.out().flush();
        console.note(figures(result));
      }
      return new Report("", facts(text.toString(), ids.length, result));
    }
  }

  private KvCache.Precision precision() {
    for (KvCache.Precision p : KvCache.Precision.values()) {
      if (p.name().equalsIgnoreCase(kvCache)) {
        return p;
      }
    }
    throw usage("--kv-cache must be f32, f16 or int8: " + kvCache);
  }

  private boolean show(StringBuilder text, String piece) {
    text.append(piece);
    if (!json) {
      console.out().print(piece);
      console.out().flush();
    }
    return true;
  }

  private static String figures(Generator.Result r) {
    return "["
        + r.promptTokens()
        + " prompt tokens at "
        + Figures.significant(r.promptTokensPerSecond())
        + "/s, "
        + r.tokens().size()
        + " generated at "
        + Figures.significant(r.tokensPerSecond())
        + "/s]";
  }

  private Map<String, Object> facts(String text, int promptTokens, Generator.Result r) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("model", model);
    facts.put("prompt", prompt);
    facts.put("text", text);
    facts.put("activations", activations.type);
    facts.put("tokens", (long) r.tokens().size());
    facts.put("promptTokens", (long) promptTokens);
    facts.put("promptTokensPerSecond", r.promptTokensPerSecond());
    facts.put("tokensPerSecond", r.tokensPerSecond());
    facts.put("end", r.end().name().toLowerCase(Locale.ROOT));
    return facts;
  }
}

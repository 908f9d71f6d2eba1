package dev.ashlar.cli.command;

import dev.ashlar.cli.console.Console;
import dev.ashlar.cli.console.Figures;
import dev.ashlar.cli.console.Report;
import dev.ashlar.engine.LanguageModel;
import dev.ashlar.engine.ModelOptions;
import dev.ashlar.engine.data.DatasetFiles;
import dev.ashlar.engine.job.Stage;
import dev.ashlar.io.InputException;
import dev.ashlar.tuning.quality.Perplexity;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures a model on a text. */
@CommandLine.Command(
    name = "eval",
    description = {
      "Measures a model on a text.",
      "",
      "Perplexity: the text is tokenized once without special tokens and cut into windows of"
          + " --seqlen tokens that do not overlap; each is fed alone; the mean negative"
          + " log-likelihood of its tokens from the second on is exponentiated.",
      "",
      "With --activations int8 the model is run as generate --activations int8 runs it."
    },
    footer = {
      "  ashlar eval --model out --dataset wikitext2-test.txt --seqlen 512 --limit 40",
      "  ashlar eval --model m.gguf --tasks perplexity --dataset text.txt --json"
    })
final class EvalCommand extends Command {
  private static final String PERPLEXITY = "perplexity";

  @Option(
      names = "--model",
      paramLabel = "PATH",
      required = true,
      description =
          "Model folder, .safetensors or .gguf file, hub id in the cache, or 'demo'; also by"
              + " itself.")
  String model;

  @Option(
      names = "--tasks",
      paramLabel = "LIST",
      defaultValue = PERPLEXITY,
      description = "What to measure; known: " + PERPLEXITY + " (default: ${DEFAULT-VALUE}).")
  String tasks;

  @Option(
      names = "--dataset",
      paramLabel = "FILE",
      required = true,
      description = "The text: a .txt, .json or .jsonl file, or a data set in the hub cache.")
  String dataset;

  @Option(
      names = "--seqlen",
      paramLabel = "N",
      defaultValue = "2048",
      description = "Tokens of a window (default: ${DEFAULT-VALUE}).")
  int seqlen;

  @Option(
      names = "--limit",
      paramLabel = "N",
      defaultValue = "0",
      description = "Windows at most; 0 for all (default: ${DEFAULT-VALUE}).")
  int limit;

  @Mixin ActivationsOption activations;

  EvalCommand(Console console) {
    super(console);
  }

  @Override
  Report execute() {
    for (String task : tasks.split(",")) {
      requireUsage(
          task.strip().equals(PERPLEXITY), "no task '" + task + "'; known tasks: " + PERPLEXITY);
    }
    requireUsage(seqlen >= 2, "--seqlen must be at least 2: " + seqlen);
    requireUsage(limit >= 0, "--limit must not be negative: " + limit);
    ModelOptions options = ModelOptions.defaults().withActivations(activations.activations());
    String text = DatasetFiles.ofMachine().text(dataset);
    try (LanguageModel opened = LanguageModel.open(model, options)) {
      activations.warnOfIdle(opened.path(), console::warning);
      int window = Math.min(seqlen, opened.contextLength());
      if (window < seqlen) {
        console.warning("the model takes at most " + window + " tokens; --seqlen is " + window);
      }
      int[] ids = opened.encode(text);
      if (ids.length < window) {
        throw new InputException(
            dataset
                + ": "
                + ids.length
                + " tokens are fewer than one window of "
                + window
                + "; give more text or a smaller --seqlen");
      }
      Perplexity p;
      try (Stage progress = console.begin(PERPLEXITY, 1)) {
        p =
            opened.evaluate(
                ids,
                window,
                limit,
                (done, all, value) -> progress.at((double) done / all, Figures.perplexity(value)));
      }
      return report(p, window);
    }
  }

  private Report report(Perplexity p, int window) {
    double seconds = p.time().toNanos() / 1e9;
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("model", model);
    facts.put("dataset", dataset);
    facts.put("seqlen", (long) window);
    facts.put("activations", activations.type);
    facts.put("windows", (long) p.windows());
    facts.put("perplexity", p.value());
    facts.put("tokens", p.tokens());
    facts.put("seconds", seconds);
    String text =
        "perplexity "
            + Figures.perplexity(p.value())
            + " over "
            + Figures.count(p.tokens())
            + " tokens ("
            + p.windows()
            + " windows of "
            + window
            + ") in "
            + Figures.seconds(seconds);
    return new Report(text, facts);
  }
}

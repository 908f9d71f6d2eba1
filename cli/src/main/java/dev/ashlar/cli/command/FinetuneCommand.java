package dev.ashlar.cli.command;

import dev.ashlar.cli.console.Console;
import dev.ashlar.cli.console.ConsoleListener;
import dev.ashlar.cli.console.Figures;
import dev.ashlar.cli.console.Report;
import dev.ashlar.engine.FineTuned;
import dev.ashlar.engine.FineTuning;
import dev.ashlar.formats.adapter.PeftFolder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Trains an adapter beside a model. */
@CommandLine.Command(
    description = {
      "Trains an adapter of low rank (LoRA) beside a model's weights and writes it as PEFT does.",
      "",
      "The weights, float or packed, stay as they are; generate, chat and eval take the result with"
          + " --lora, convert merges it. A run that was killed goes on where it was when the same"
          + " command is given again."
    },
    footer = {
      "  ashlar finetune --model m --dataset notes.txt --output-dir adapter",
      "  ashlar finetune --model m-4bit --dataset chats.jsonl:apply_chat_template --epochs 2"
          + " --output-dir adapter"
    })
final class FinetuneCommand extends Command {
  @Option(
      names = "--model",
      paramLabel = "PATH",
      required = true,
      description =
          "Model folder, .safetensors or .gguf file, hub id (ORG/NAME), or 'demo'; also by"
              + " itself.")
  String model;

  @Option(
      names = "--method",
      paramLabel = "NAME",
      defaultValue = "lora",
      description = "How: lora (default: ${DEFAULT-VALUE}).")
  String method;

  @Option(
      names = "--dataset",
      paramLabel = "SPEC",
      required = true,
      description =
          "What to train on: .txt, .json or .jsonl files, or data sets in the hub cache, with commas"
              + " between, each with :num=N, :concat, :split=NAME or :apply_chat_template; a comma or"
              + " colon of a path has a backslash before it.")
  String dataset;

  @Option(
      names = "--eval-dataset",
      paramLabel = "SPEC",
      description =
          "What to measure the loss on, before and after (default: one in twenty samples of the data,"
              + " the last, which are not trained on).")
  String evalDataset;

  @Option(
      names = "--output-dir",
      paramLabel = "DIR",
      required = true,
      description = "Folder to write.")
  Path outputDir;

  @Option(
      names = "--rank",
      paramLabel = "N",
      defaultValue = "8",
      description = "Rank of the factors (default: ${DEFAULT-VALUE}).")
  int rank;

  @Option(
      names = "--alpha",
      paramLabel = "X",
      defaultValue = "16",
      description = "Their product is multiplied by alpha / rank (default: ${DEFAULT-VALUE}).")
  double alpha;

  @Option(
      names = "--target-modules",
      paramLabel = "LIST",
      split = ",",
      defaultValue = "all-linear",
      description =
          "Linear maps to train beside, by the ends of their names, such as q_proj,v_proj; all-linear"
              + " for those of all blocks but routers and routed experts (default:"
              + " ${DEFAULT-VALUE}).")
  List<String> targets;

  @Option(
      names = "--lr",
      paramLabel = "X",
      defaultValue = "2e-4",
      description =
          "Learning rate of the first step; falls to 0 in a line (default: ${DEFAULT-VALUE}).")
  double rate;

  @Option(
      names = "--steps",
      paramLabel = "N",
      description = "Steps (default: as many as --epochs takes).")
  Integer steps;

  @Option(names = "--epochs", paramLabel = "N", description = "Times through the data (default 1).")
  Integer epochs;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      defaultValue = "4",
      description = "Sequences of a step (default: ${DEFAULT-VALUE}).")
  int batch;

  @Option(
      names = "--seqlen",
      paramLabel = "N",
      defaultValue = "512",
      description =
          "Tokens of a sequence, at most; shorter documents count as they are (default:"
              + " ${DEFAULT-VALUE}).")
  int seqlen;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "42",
      description = "Decides all chance (default: ${DEFAULT-VALUE}).")
  long seed;

  @Mixin BackendOption backend;

  @Option(
      names = "--force",
      description = "Replace an adapter, or the state of another run, that is there already.")
  boolean force;

  FinetuneCommand(Console console) {
    super(console);
  }

  @Override
  Report execute() {
    check();
    backend.ofProcess("finetune computes");
    FineTuning tuning =
        FineTuning.of(model)
            .dataset(dataset)
            .rank(rank, alpha)
            .learningRate(rate)
            .batch(batch, seqlen)
            .seed(seed)
            .into(outputDir)
            .replacing(force)
            .listener(new ConsoleListener(console));
    if (evalDataset != null) {
      tuning.evaluation(evalDataset);
    }
    if (!targets.equals(List.of("all-linear"))) {
      tuning.targets(targets.toArray(String[]::new));
    }
    if (steps != null) {
      tuning.steps(steps);
    } else if (epochs != null) {
      tuning.epochs(epochs);
    }
    return report(tuning.run());
  }

  private void check() {
    requireUsage(method.equals("lora"), "--method of finetune must be lora: " + method);
    requireUsage(rank >= 1, "--rank must be at least 1: " + rank);
    requireUsage(
        rank <= PeftFolder.LARGEST_RANK,
        "--rank must be at most " + PeftFolder.LARGEST_RANK + ": " + rank);
    requireUsage(alpha > 0 && alpha < 1e9, "--alpha must be positive: " + alpha);
    requireUsage(rate > 0 && rate < 1e9, "--lr must be positive: " + rate);
    requireUsage(steps == null || epochs == null, "--steps and --epochs exclude each other");
    requireUsage(steps == null || steps >= 1, "--steps must be at least 1: " + steps);
    requireUsage(epochs == null || epochs >= 1, "--epochs must be at least 1: " + epochs);
    requireUsage(batch >= 1, "--batch-size must be at least 1: " + batch);
    requireUsage(seqlen >= 2, "--seqlen must be at least 2: " + seqlen);
  }

  private Report report(FineTuned t) {
    double seconds = t.time().toNanos() / 1e9;
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("model", model);
    facts.put("output", outputDir.toString());
    facts.put("steps", (long) t.steps());
    facts.put("samples", (long) t.samples());
    facts.put("parameters", t.parameters());
    facts.put("heldOutSamples", (long) t.heldOut());
    facts.put("lossBefore", t.before());
    facts.put("lossAfter", t.after());
    facts.put("seconds", seconds);
    return new Report(
        String.format(
            Locale.ROOT,
            "wrote %s: %d steps, %d numbers trained, in %s%nheld-out loss %.4f before, %.4f after"
                + " (nats per token)",
            outputDir,
            t.steps(),
            t.parameters(),
            Figures.seconds(seconds),
            t.before(),
            t.after()),
        facts);
  }
}

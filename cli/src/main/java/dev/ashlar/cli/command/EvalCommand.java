package dev.ashlar.cli.command;

import dev.ashlar.cli.console.Console;
import dev.ashlar.cli.console.ConsoleListener;
import dev.ashlar.cli.console.Report;
import dev.ashlar.engine.Evaluation;
import dev.ashlar.engine.LanguageModel;
import dev.ashlar.engine.ModelOptions;
import dev.ashlar.engine.evaluate.Measurement;
import dev.ashlar.engine.harness.Assignments;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures a model on texts and tasks. */
@CommandLine.Command(
    description = {
      "Measures a model on texts and tasks.",
      "",
      "Running text gives perplexity: it is tokenized once without special tokens and cut into"
          + " windows of --seqlen tokens that do not overlap; each is fed alone; the mean negative"
          + " log-likelihood of its tokens from the second on is exponentiated.",
      "",
      "Records of known tasks (.jsonl as the Hugging Face hub has them) give accuracies, with the"
          + " prompts, scores and standard errors of the Language Model Evaluation Harness;"
          + " lambada has to be asked for.",
      "",
      "With --activations int8 the model is run as generate --activations int8 runs it."
    },
    footer = {
      "  ashlar eval --model out --dataset wikitext2-test.txt --seqlen 512 --limit 40",
      "  ashlar eval --model out --dataset a.txt:num=40,chats.jsonl:apply_chat_template:num=10",
      "  ashlar eval --model out --reference m.gguf --dataset text.txt --seqlen 512 --json",
      "  ashlar eval --model m --dataset arc.jsonl,hellaswag.jsonl:num=200 --num-fewshot 5",
      "  ashlar eval --model m --tasks lambada --dataset lambada.jsonl"
    })
final class EvalCommand extends Command {
  @Option(
      names = "--model",
      paramLabel = "PATH",
      required = true,
      description =
          "Model folder, .safetensors or .gguf file, hub id (ORG/NAME), or 'demo'; also by"
              + " itself.")
  String model;

  @Option(
      names = "--tasks",
      paramLabel = "LIST",
      split = ",",
      description =
          "What to measure, with commas between: perplexity, kl (needs --reference), hellaswag,"
              + " winogrande, piqa, openbookqa, arc, mmlu, boolq, gsm8k, lambada (default: what the"
              + " fields of each data set's records say, else perplexity).")
  List<String> tasks = List.of();

  @Option(
      names = "--reference",
      paramLabel = "PATH",
      description =
          "The float model to compare with: KL divergence of the predictions, and how often both"
              + " rank the same token first (default: none).")
  String reference;

  @Option(
      names = "--dataset",
      paramLabel = "SPEC",
      required = true,
      description =
          "What to measure on: .txt, .json or .jsonl files, or data sets in the hub cache, with"
              + " commas between, each with :num=N (windows of it at most), :split=NAME or"
              + " :apply_chat_template; a comma or colon of a path has a backslash before it.")
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
      description =
          "Windows or questions of each data set at most; 0 for all (default: ${DEFAULT-VALUE}).")
  int limit;

  @Option(
      names = "--num-fewshot",
      paramLabel = "N",
      description =
          "Answered questions in front of each: the first others of its data set (default 0).")
  int examples;

  @Option(
      names = "--fewshot-dataset",
      paramLabel = "SPEC",
      description = "Data set to take them from, as mmlu's dev split (default: the measured one).")
  String exampleData;

  @Option(
      names = "--add-bos-token",
      negatable = true,
      description =
          "Put the token that opens texts in front of questions, or not (default: as the model's"
              + " tokenizer does).")
  Boolean openingToken;

  @Option(
      names = "--max-gen-toks",
      paramLabel = "N",
      description = "Tokens of a generated answer at most (default 256).")
  Integer answerTokens;

  @Mixin BackendOption backend;

  @Mixin AdapterOptions adapters;

  @Mixin ActivationsOption activations;

  @Mixin HeadOption head;

  EvalCommand(Console console) {
    super(console);
  }

  @Override
  Report execute() {
    requireUsage(seqlen >= 2, "--seqlen must be at least 2: " + seqlen);
    requireUsage(limit >= 0, "--limit must not be negative: " + limit);
    requireUsage(examples >= 0, "--num-fewshot must not be negative: " + examples);
    requireUsage(
        answerTokens == null || answerTokens >= 1,
        "--max-gen-toks must be at least 1: " + answerTokens);
    requireUsage(
        exampleData == null || examples > 0,
        "--fewshot-dataset has no effect without --num-fewshot");
    Set<String> named = named();
    requireUsage(
        !named.contains(Assignments.KL) || reference != null,
        "--tasks " + Assignments.KL + " needs --reference, the float model to compare with");
    ModelOptions options =
        backend
            .in(ModelOptions.defaults())
            .withActivations(activations.activations())
            .withHead(head.head())
            .withAdapters(adapters.files());
    try (LanguageModel opened = LanguageModel.open(model, options, new ConsoleListener(console));
        LanguageModel floats =
            reference == null
                ? null
                : LanguageModel.open(
                    reference, ModelOptions.defaults(), new ConsoleListener(console))) {
      activations.warnOfIdle(opened, console::warning);
      backend.announce(console::note);
      Evaluation evaluation = evaluation(opened, floats);
      List<Measurement> results = evaluation.on(dataset);
      idle(results).forEach(console::warning);
      return new EvalReport(model, opened.backend(), activations.type, head.type, results).report();
    }
  }

  private Set<String> named() {
    try {
      return tasks.stream()
          .map(t -> Assignments.task(t.strip()))
          .collect(Collectors.toCollection(LinkedHashSet::new));
    } catch (IllegalArgumentException e) {
      throw usage(e.getMessage());
    }
  }

  private Evaluation evaluation(LanguageModel opened, LanguageModel floats) {
    Evaluation evaluation =
        Evaluation.of(opened).window(seqlen).limit(limit).listener(new ConsoleListener(console));
    evaluation.tasks(named().toArray(String[]::new));
    if (floats != null) {
      evaluation.reference(floats);
    }
    if (openingToken != null) {
      evaluation.openingToken(openingToken);
    }
    if (answerTokens != null) {
      evaluation.answerTokens(answerTokens);
    }
    return exampleData == null
        ? evaluation.fewshot(examples)
        : evaluation.fewshot(examples, exampleData);
  }

  /** Options about questions where none were asked. */
  private List<String> idle(List<Measurement> results) {
    boolean questions = results.stream().anyMatch(m -> m.counts().containsKey("questions"));
    boolean texts = results.stream().anyMatch(m -> m.counts().containsKey("windows"));
    List<String> idle = new ArrayList<>();
    for (String name : List.of("--num-fewshot", "--add-bos-token", "--max-gen-toks")) {
      if (!questions && given(name)) {
        idle.add(
            name + " has no effect: it is about tasks of questions, and perplexity was measured");
      }
    }
    if (!texts && given("--seqlen")) {
      idle.add("--seqlen has no effect: it is about perplexity, and questions were asked");
    }
    return idle;
  }

  private boolean given(String name) {
    return spec.commandLine().getParseResult().hasMatchedOption(name);
  }
}

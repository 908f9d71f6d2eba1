package dev.ashlar.cli.command;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Options of auto-round's command line that this one does not have under the same name: other
 * spellings of those that it has, those that have no meaning here and can be left out, and those
 * that ask for something that is not done. Names have dashes in place of underscores.
 */
final class AutoRoundOptions {
  /** What becomes of an option. */
  sealed interface Habit {}

  /**
   * It has no meaning here.
   *
   * @param valued whether a value follows it
   * @param why the rest of a sentence that begins with its name
   */
  record Ignored(boolean valued, String why) implements Habit {}

  /**
   * It asks for something that is not done, unless it has one of these values.
   *
   * @param valued whether a value follows it
   * @param harmless values that ask for nothing
   * @param why the rest of a sentence that begins with its name
   */
  record Refused(boolean valued, Set<String> harmless, String why) implements Habit {}

  private static final String PROCESSOR = "has no meaning here: there is no GPU in it";
  private static final String AS_STORED =
      "has no meaning here: weights are read as they are stored";
  private static final String DEFAULT = "is the default here";
  private static final String HARNESS =
      "it is about the evaluation harness, which is not run while quantizing: measure text with"
          + " --eval-dataset, tasks with 'ashlar eval' on the written folder";
  private static final String TASKS = "has no meaning here: tasks are measured by 'ashlar eval'";
  private static final String PICTURES =
      "it is about models of pictures, which are not quantized here";

  private static final Map<String, String> NAMES =
      Map.ofEntries(
          Map.entry("--model-name", "--model"),
          Map.entry("--model-name-or-path", "--model"),
          Map.entry("--train-bs", "--batch-size"),
          Map.entry("--bs", "--batch-size"),
          Map.entry("--seq-len", "--seqlen"),
          Map.entry("--nsample", "--nsamples"),
          Map.entry("--formats", "--format"),
          Map.entry("--algorithm", "--method"),
          Map.entry("--algorithms", "--method"),
          Map.entry("--alg", "--method"),
          Map.entry("--algs", "--method"),
          Map.entry("--iter", "--iters"),
          Map.entry("--fp-layers", "--ignore-layers"),
          Map.entry("--target-bits", "--avg-bits"),
          Map.entry("--task", "--tasks"),
          Map.entry("--no-enable-minmax-tuning", "--disable-minmax-tuning"),
          Map.entry("--no-enable-quanted-input", "--disable-quanted-input"));

  /** Methods by their names there. */
  private static final Map<String, String> METHODS =
      Map.of(
          "auto_round", "signround",
          "autoround", "signround",
          "auto-round", "signround",
          "sign_round", "signround",
          "sign-round", "signround",
          "rtn", "rtn",
          "opt_rtn", "opt-rtn",
          "optrtn", "opt-rtn");

  private static final Map<String, Habit> GENERAL = general();
  private static final Map<String, Habit> QUANTIZE = quantize();
  private static final Map<String, Habit> EVAL = eval();

  private AutoRoundOptions() {}

  private static Map<String, Habit> general() {
    Map<String, Habit> g = new HashMap<>();
    flags(g, PROCESSOR, "low-gpu-mem-usage", "enable-torch-compile", "disable-torch-compile");
    flags(g, "has no meaning here", "low-cpu-mem-usage", "disable-low-cpu-mem-usage");
    flags(
        g,
        "is always so here: code that comes with a model is never run",
        "disable-trust-remote-code");
    values(g, "has no meaning here: --backend says what computes", "device", "devices");
    values(g, "has no meaning here: --backend says what computes", "device-map");
    values(g, AS_STORED, "model-dtype", "eval-model-dtype");
    refused(g, Set.of("hf"), "models come from the Hugging Face hub only", "platform");
    return Map.copyOf(g);
  }

  private static Map<String, Habit> quantize() {
    Map<String, Habit> q = new HashMap<>();
    kinds(q);
    variants(q);
    measuring(q);
    return Map.copyOf(q);
  }

  private static void kinds(Map<String, Habit> q) {
    refused(
        q,
        Set.of("int"),
        "numbers other than integers are asked for by --scheme (MXFP4, NVFP4, FP8_BLOCK…)",
        "data-type",
        "dtype");
    refused(
        q,
        Set.of("int"),
        "inputs are rounded otherwise than to integers as --scheme says (MXFP4, FP8_STATIC…)",
        "act-data-type",
        "act-dtype");
    flags(q, DEFAULT, "act-sym", "act-dynamic");
    refused(
        q,
        Set.of(),
        "scales are quantized themselves as the types of a file say (--scheme GGUF:Q4_K_M)",
        "super-bits",
        "super-group-size");
    refused(
        q,
        Set.of(),
        "caches and attention are not quantized in files: generate has --kv-cache",
        "static-kv-dtype",
        "static-kv-granularity",
        "static-attention-dtype",
        "static-attention-granularity");
    refused(
        q,
        Set.of(),
        "all blocks are quantized: leave some float with --ignore-layers",
        "to-quant-block-names");
    unsupported(q, "only the language part of a model is quantized", "quant-nontext-module");
    refused(q, Set.of(), "calibration is on text only", "extra-data-dir", "template");
  }

  private static void variants(Map<String, Habit> q) {
    flags(q, DEFAULT, "enable-minmax-tuning", "enable-quanted-input", "disable-model-free");
    flags(q, DEFAULT, "enable-deterministic-algorithms", "no-quant-lm-head");
    flags(q, DEFAULT, "no-enable-alg-ext", "no-enable-adam", "no-enable-lfq");
    flags(q, DEFAULT, "no-enable-norm-bias-tuning", "no-not-use-best-mse");
    flags(q, "has no meaning here: it is always computed in 32 bits", "disable-amp");
    flags(q, "has no meaning here: runs are always repeatable", "disable-deterministic-algorithms");
    flags(q, "has no meaning here: towers that see or hear are kept as they are", "mllm");
    unsupported(q, "this variant of the method is not part of Ashlar", "enable-lfq");
  }

  private static void measuring(Map<String, Habit> q) {
    flags(q, TASKS, "eval-task-by-task");
    values(q, TASKS, "eval-bs");
    refused(q, Set.of(), HARNESS, "tasks", "limit", "num-fewshot", "eval-gen-kwargs", "vllm-args");
    refused(q, Set.of("hf"), HARNESS, "eval-backend");
    unsupported(q, HARNESS, "fewshot-as-multiturn", "add-bos-token");
    refused(q, Set.of(), PICTURES, "prompt-file", "prompt", "metrics", "metric");
    refused(q, Set.of(), PICTURES, "image-save-dir", "guidance-scale");
    refused(q, Set.of(), PICTURES, "num-inference-steps", "generator-seed");
  }

  private static Map<String, Habit> eval() {
    Map<String, Habit> e = new HashMap<>();
    values(e, "has no meaning here: it changes no figure", "batch-size", "eval-bs");
    values(e, "has no meaning here: nothing is drawn", "seed");
    flags(e, "has no meaning here", "eval-task-by-task", "mllm");
    refused(e, Set.of(), "answers are the likeliest text", "eval-gen-kwargs", "vllm-args");
    refused(e, Set.of("hf"), "models are run by Ashlar itself", "eval-backend");
    unsupported(e, "examples are plain text", "fewshot-as-multiturn");
    return Map.copyOf(e);
  }

  private static void flags(Map<String, Habit> to, String why, String... names) {
    List.of(names).forEach(name -> to.put("--" + name, new Ignored(false, why)));
  }

  private static void values(Map<String, Habit> to, String why, String... names) {
    List.of(names).forEach(name -> to.put("--" + name, new Ignored(true, why)));
  }

  private static void unsupported(Map<String, Habit> to, String why, String... names) {
    List.of(names)
        .forEach(name -> to.put("--" + name, new Refused(false, Set.of(), "is refused: " + why)));
  }

  private static void refused(
      Map<String, Habit> to, Set<String> harmless, String why, String... names) {
    List.of(names)
        .forEach(name -> to.put("--" + name, new Refused(true, harmless, "is refused: " + why)));
  }

  /** The name that this program has for an option; the same if it is no other spelling. */
  static String name(String theirs) {
    return NAMES.getOrDefault(theirs, theirs);
  }

  /** What becomes of an option that this program does not have. */
  static Optional<Habit> habit(String command, String name) {
    Map<String, Habit> own =
        switch (command) {
          case "quantize" -> QUANTIZE;
          case "eval" -> EVAL;
          default -> Map.of();
        };
    return Optional.ofNullable(own.getOrDefault(name, GENERAL.get(name)));
  }

  /** The name that this program has for a method. */
  static String method(String theirs) {
    return METHODS.getOrDefault(theirs.strip().toLowerCase(Locale.ROOT), theirs);
  }
}

package dev.ashlar.formats.adapter;

import dev.ashlar.io.InputException;
import dev.ashlar.io.json.Json;
import dev.ashlar.tensor.weights.BoundedPattern;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.PatternSyntaxException;

/**
 * {@code adapter_config.json} of an adapter of PEFT's: ranks and scales of modules. What would
 * change results and is not supported is refused.
 */
final class PeftConfig {
  private static final String RANKS = "rank_pattern";
  private static final String ALPHAS = "alpha_pattern";

  /** Settings that say how an adapter was made, or what its tensors show. */
  private static final Set<String> IDLE =
      Set.of(
          "auto_mapping",
          "base_model_name_or_path",
          "corda_config",
          "ensure_weight_tying",
          "eva_config",
          "exclude_modules",
          "fan_in_fan_out",
          "inference_mode",
          "init_lora_weights",
          "layers_pattern",
          "layers_to_transform",
          "loftq_config",
          "lora_dropout",
          "lora_ga_config",
          "megatron_core",
          "merge_weights",
          "peft_version",
          "qalora_group_size",
          "revision",
          "runtime_config",
          "target_modules",
          "task_type",
          "peft_type",
          "r",
          "lora_alpha",
          "use_rslora",
          "bias",
          RANKS,
          ALPHAS);

  /** Settings that are not supported, by what they are called in a sentence. */
  private static final Map<String, String> REFUSED =
      Map.ofEntries(
          Map.entry("use_dora", "DoRA, which scales every column anew"),
          Map.entry("lora_bias", "biases beside the factors"),
          Map.entry("modules_to_save", "modules that are stored whole"),
          Map.entry("trainable_token_indices", "changed rows of the embedding"),
          Map.entry("layer_replication", "blocks that are used twice"),
          Map.entry("target_parameters", "changes of parameters that are no linear maps"),
          Map.entry("alora_invocation_tokens", "activation from some token on"),
          Map.entry("use_qalora", "inputs that are averaged in groups"),
          Map.entry("use_bdlora", "factors in diagonal blocks"),
          Map.entry("arrow_config", "routing between adapters"));

  /** Initial values that leave the model's own weights as they are. */
  private static final Set<String> HARMLESS_STARTS =
      Set.of("gaussian", "eva", "orthogonal", "mica");

  private final Path file;
  private final Map<String, Object> values;
  private final long rank;
  private final double alpha;
  private final boolean rootOfRank;
  private final Map<BoundedPattern, Object> ranks;
  private final Map<BoundedPattern, Object> alphas;

  private PeftConfig(Path file, Map<String, Object> values) {
    this.file = file;
    this.values = values;
    kind();
    refusals();
    this.rank = rank("r", values.get("r"));
    this.alpha = number("lora_alpha", values.get("lora_alpha"));
    this.rootOfRank = flag("use_rslora");
    this.ranks = patterns(RANKS);
    this.alphas = patterns(ALPHAS);
  }

  /**
   * Reads a configuration.
   *
   * @throws InputException naming the setting at fault
   */
  static PeftConfig read(Path file) {
    return new PeftConfig(file, Json.readObject(file));
  }

  private void kind() {
    if (!"LORA".equals(values.get("peft_type"))) {
      throw InputException.in(file)
          .place("peft_type")
          .expected("\"LORA\", the only kind of adapter that can be applied")
          .found(Json.describe(values.get("peft_type")))
          .exception();
    }
  }

  private void refusals() {
    for (Map.Entry<String, Object> e : values.entrySet()) {
      String key = e.getKey();
      if (!isSet(e.getValue()) || IDLE.contains(key)) {
        continue;
      }
      String what = REFUSED.getOrDefault(key, "a setting that is not known");
      throw unsupported(key, what);
    }
    Object bias = values.getOrDefault("bias", "none");
    if (!"none".equals(bias)) {
      throw unsupported("bias", "trained biases");
    }
    Object start = values.get("init_lora_weights");
    if (start instanceof String s && !HARMLESS_STARTS.contains(s)) {
      throw InputException.in(file)
          .place("init_lora_weights")
          .problem("'" + s + "' changes the model's own weights, which the file does not hold")
          .hint("have PEFT convert the adapter to a plain LoRA when it saves it")
          .exception();
    }
  }

  private InputException unsupported(String key, String what) {
    return InputException.in(file)
        .place(key)
        .problem("the adapter has " + what + ", and that cannot be applied here")
        .hint("merge it into its model with PEFT and open the merged model")
        .exception();
  }

  private static boolean isSet(Object value) {
    return switch (value) {
      case null -> false;
      case Boolean b -> b;
      case Collection<?> c -> !c.isEmpty();
      case Map<?, ?> m -> !m.isEmpty();
      default -> true;
    };
  }

  /** The rank of a module's factors. */
  int rank(String module) {
    Map.Entry<BoundedPattern, Object> own = own(ranks, RANKS, module);
    return (int) (own == null ? rank : rank(RANKS, own.getValue()));
  }

  /** What the product of a module's factors is multiplied by. */
  double scale(String module) {
    Map.Entry<BoundedPattern, Object> own = own(alphas, ALPHAS, module);
    double a = own == null ? alpha : number(ALPHAS, own.getValue());
    int r = rank(module);
    return rootOfRank ? a / Math.sqrt(r) : a / r;
  }

  private Map.Entry<BoundedPattern, Object> own(
      Map<BoundedPattern, Object> patterns, String key, String module) {
    for (Map.Entry<BoundedPattern, Object> e : patterns.entrySet()) {
      try {
        if (e.getKey().matchesAll(module)) {
          return e;
        }
      } catch (BoundedPattern.TooManyStepsException slow) {
        throw InputException.in(file).place(key).problem(slow.getMessage()).exception();
      }
    }
    return null;
  }

  /** A key stands for all modules whose name ends with it, at a dot or at the beginning. */
  private Map<BoundedPattern, Object> patterns(String key) {
    Map<BoundedPattern, Object> all = new LinkedHashMap<>();
    Object value = values.get(key);
    if (value == null) {
      return all;
    }
    if (!(value instanceof Map<?, ?>)) {
      throw fault(key, "an object", value);
    }
    for (Map.Entry<String, Object> e : Json.asObject(value, file.toString()).entrySet()) {
      try {
        all.put(new BoundedPattern("(.*\\.)?(" + e.getKey() + ")"), e.getValue());
      } catch (PatternSyntaxException ill) {
        throw InputException.in(file)
            .place(key)
            .problem("'" + e.getKey() + "' is no regular expression")
            .cause(ill)
            .exception();
      }
    }
    return all;
  }

  private long rank(String key, Object value) {
    if (value instanceof Long n && n >= 1 && n <= PeftFolder.LARGEST_RANK) {
      return n;
    }
    throw fault(key, "a whole number from 1 to " + PeftFolder.LARGEST_RANK, value);
  }

  private double number(String key, Object value) {
    if (value instanceof Number n && Double.isFinite(n.doubleValue())) {
      return n.doubleValue();
    }
    throw fault(key, "a number", value);
  }

  private boolean flag(String key) {
    Object value = values.get(key);
    if (value == null || value instanceof Boolean) {
      return Boolean.TRUE.equals(value);
    }
    throw fault(key, "true or false", value);
  }

  private InputException fault(String key, String expected, Object value) {
    return InputException.in(file)
        .place(key)
        .expected(expected)
        .found(Json.describe(value))
        .exception();
  }
}

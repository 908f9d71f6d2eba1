package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.BlockSpec;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.tensor.weights.ConfigNames;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * What a configuration should say of biases so that it describes those that are stored: other
 * readers leave out a bias that theirs does not speak of, and begin one that is missing with zeros.
 */
final class StoredBiases {
  /** Keys by which families say which maps have biases. */
  private static final List<String> KEYS =
      List.of(
          "attention_bias",
          "attention_out_bias",
          "mlp_bias",
          "qkv_bias",
          "use_qkv_bias",
          "use_bias",
          "enable_bias",
          "bias",
          "lm_head_bias");

  private final Function<Map<String, Object>, DecoderSpec> family;
  private final Set<String> stored;

  private StoredBiases(Function<Map<String, Object>, DecoderSpec> family, Set<String> stored) {
    this.family = family;
    this.stored = stored;
  }

  /**
   * The keys that a copy should correct.
   *
   * @param family describes a configuration, in the names of the source
   * @param decoder with the biases that are stored
   */
  static Map<String, Object> corrections(
      Function<Map<String, Object>, DecoderSpec> family,
      Map<String, Object> config,
      DecoderSpec decoder) {
    return new StoredBiases(family, biased(decoder)).better(config);
  }

  private Map<String, Object> better(Map<String, Object> declared) {
    Map<String, Object> better = new LinkedHashMap<>();
    Map<String, Object> config = declared;
    long wrong = wrong(config);
    for (String key : KEYS) {
      for (boolean value : new boolean[] {true, false}) {
        if (wrong == 0) {
          return better;
        }
        Map<String, Object> changed = with(config, key, value);
        long now = wrong(changed);
        if (now < wrong) {
          wrong = now;
          better.put(key, value);
          config = changed;
        }
      }
    }
    return better;
  }

  /** Wherever a family may look for it. */
  private static Map<String, Object> with(Map<String, Object> config, String key, boolean value) {
    Map<String, Object> changed = new HashMap<>(config);
    changed.put(key, value);
    for (String name : ConfigNames.SECTIONS) {
      if (config.get(name) instanceof Map<?, ?> section) {
        Map<String, Object> own = new HashMap<>();
        section.forEach((k, v) -> own.put(String.valueOf(k), v));
        own.put(key, value);
        changed.put(name, own);
      }
    }
    return changed;
  }

  /** How wrong it is; that one bias is left out is worse than any number that are nothing. */
  private long wrong(Map<String, Object> config) {
    Set<String> said = biased(family.apply(config));
    long missed = stored.stream().filter(name -> !said.contains(name)).count();
    long idle = said.stream().filter(name -> !stored.contains(name)).count();
    return missed * Integer.MAX_VALUE + idle;
  }

  private static Set<String> biased(DecoderSpec decoder) {
    Set<String> biased = new HashSet<>();
    for (BlockSpec block : decoder.blocks()) {
      block.linears().stream()
          .filter(LinearSpec::bias)
          .forEach(l -> biased.add(block.name() + "." + l.name()));
    }
    LinearSpec output = decoder.head().output();
    if (output.bias()) {
      biased.add(output.name());
    }
    return biased;
  }
}

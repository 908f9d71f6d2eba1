package dev.ashlar.nn;

import static java.util.Map.entry;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.io.json.Json;
import dev.ashlar.nn.architecture.Architecture;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.tensor.weights.ConfigNames;
import dev.ashlar.tensor.weights.MemoryWeights;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a configuration leaves out is what transformers' class of that {@code model_type} takes.
 * {@code defaults/transformers.json} has what those classes made of few keys; see the README beside
 * it.
 */
class PeerDefaultsTest {
  private static final Map<String, Object> PEER =
      Json.readObject(Fixtures.copied("defaults").resolve("transformers.json"));

  /** Keys that families look up though their classes have no field for them, and why. */
  private static final Map<String, String> NOT_OF_THE_CLASSES =
      Map.ofEntries(
          entry("rope_theta", "read into rope_parameters; given in the variants"),
          entry("rope_scaling", "the older name of rope_parameters; given in the variants"),
          entry("partial_rotary_factor", "read into rope_parameters; given in the variants"),
          entry("rotary_pct", "GPT-NeoX's name of that; given in the variants"),
          entry("rotary_emb_base", "GPT-NeoX's name of rope_theta; given in the variants"),
          entry("original_max_position_embeddings", "Phi 3 alone has it outside of the section"),
          entry("rope_parameters", "families that turn by keys of their own may be stretched"),
          entry("sliding_window_pattern", "read into layer_types; given in the variants"),
          entry("head_dim", "left out where it is the width divided by the heads"),
          entry("kv_lora_rank", "asked for to tell latents from heads"),
          entry("num_key_value_heads", "as many as heads where a family does not share them"),
          entry("max_position_embeddings", "the second name of a size that has one of its own"),
          entry("seq_length", "what BLOOM was trained on; its biases have no end"),
          entry("n_embed", "BLOOM's first name of hidden_size"),
          entry("attention_bias", "decided by the family; GGUF and copies state it"),
          entry("mlp_bias", "none where a class does not know it"),
          entry("use_qk_norm", "Cohere's norms, which Cohere 2 does not have"),
          entry("scale_attn_by_inverse_layer_idx", "GPT-2's; GPT-BigCode has no such layers"),
          entry("text_config", "where the language part is; the variants are that part"),
          entry("llm_config", "its older name"),
          entry("tie_word_embeddings", "said by the whole, beside the language part"));

  static Stream<String> families() {
    return object(PEER.get("families")).keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("families")
  void whatIsLeftOutIsWhatThePeerTakes(String family) {
    assertEquals(List.of(), differences(family));
  }

  /** Sizes that nothing stands for: a configuration without one is refused by its name. */
  @ParameterizedTest
  @MethodSource("families")
  void aSizeThatIsMissingIsNamed(String family) {
    Map<String, Object> sizes =
        object(object(object(PEER.get("families")).get(family)).get("sizes"));
    for (String key : sizes.keySet()) {
      Map<String, Object> without = new HashMap<>(sizes);
      without.remove(key);
      String read = read(family, without, new HashSet<>());
      boolean idle = read.equals(read(family, sizes, new HashSet<>()));
      // The class of dots.llm1 has no number of shared experts either, and 0 is one.
      String at = read.substring(0, Math.max(0, read.indexOf(": ")));
      boolean named =
          ConfigNames.in(Map.of(key, 1), at).equals(key) || key.equals("n_shared_experts");
      assertTrue(idle || named, () -> family + " without " + key + ": " + around(read, 0));
    }
  }

  /** One line for each configuration that is not read as the peer's complete form of it. */
  static List<String> differences(String family) {
    Map<String, Object> peer = object(object(PEER.get("families")).get(family));
    Map<String, Object> sizes = object(peer.get("sizes"));
    Map<String, Object> complete = with(sizes, object(peer.get("config")));
    List<String> lines = new ArrayList<>();
    Set<String> asked = new TreeSet<>();
    String expected = read(family, complete, asked);
    compare(lines, family + " of nothing but sizes", expected, read(family, sizes, asked));
    for (String key : new TreeSet<>(asked)) {
      if (complete.containsKey(key) && !sizes.containsKey(key)) {
        Map<String, Object> without = new HashMap<>(complete);
        without.remove(key);
        compare(lines, family + " without " + key, expected, read(family, without, asked));
      }
    }
    for (Object o : (List<?>) peer.get("variants")) {
      Map<String, Object> variant = object(o);
      Map<String, Object> given = object(variant.get("given"));
      compare(
          lines,
          family + " given " + given,
          read(family, with(complete, object(variant.get("config"))), asked),
          read(family, with(sizes, given), asked));
    }
    asked.removeIf(key -> complete.containsKey(ConfigNames.in(complete, key)));
    asked.removeIf(key -> NOT_OF_THE_CLASSES.containsKey(ConfigNames.in(NOT_OF_THE_CLASSES, key)));
    asked.forEach(key -> lines.add(family + " reads " + key + ", which its class does not know"));
    return lines;
  }

  private static void compare(List<String> lines, String what, String expected, String found) {
    if (!expected.equals(found)) {
      int at = 0;
      while (at < Math.min(expected.length(), found.length())
          && expected.charAt(at) == found.charAt(at)) {
        at++;
      }
      lines.add(what + ": expected " + around(expected, at) + ", found " + around(found, at));
    }
  }

  private static String around(String text, int at) {
    return text.substring(Math.max(0, at - 90), Math.min(text.length(), at + 60));
  }

  /** The description of the decoder, or the fault of the configuration. */
  private static String read(String family, Map<String, Object> config, Set<String> asked) {
    Architecture architecture = Architectures.find(family).orElseThrow();
    Map<String, Object> recorded = new Recorded(config, asked);
    try {
      DecoderSpec spec = architecture.spec(recorded, new MemoryWeights(config));
      return spec.toString();
    } catch (IllegalArgumentException e) {
      return e.getMessage();
    }
  }

  private static Map<String, Object> with(Map<String, Object> some, Map<String, Object> more) {
    Map<String, Object> all = new HashMap<>(some);
    all.putAll(more);
    return all;
  }

  private static Map<String, Object> object(Object value) {
    return Json.asObject(value, "transformers.json");
  }

  /** A map that remembers which keys were asked for. */
  private static final class Recorded extends HashMap<String, Object> {
    private static final long serialVersionUID = 1;
    private final transient Set<String> asked;

    Recorded(Map<String, Object> values, Set<String> asked) {
      super(values);
      this.asked = asked;
    }

    @Override
    public Object get(Object key) {
      asked.add(String.valueOf(key));
      return super.get(key);
    }

    @Override
    public boolean containsKey(Object key) {
      asked.add(String.valueOf(key));
      return super.containsKey(key);
    }
  }
}

package dev.ashlar.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.ashlar.io.InputException;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.Tensor;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each fault of a configuration is one sentence that names the key, never a coerced value. */
class ConfigurationFaultsTest {
  static Stream<Arguments> wrongValues() {
    return Stream.of(
        arguments("hidden_size", "64"),
        arguments("hidden_size", 64.0),
        arguments("hidden_size", true),
        arguments("hidden_size", 0L),
        arguments("hidden_size", -64L),
        arguments("hidden_size", BigInteger.TWO.pow(70)),
        arguments("hidden_size", 1L << 40),
        arguments("hidden_size", List.of(64L)),
        arguments("num_attention_heads", 0L),
        arguments("num_attention_heads", 3L),
        arguments("num_key_value_heads", 3L),
        arguments("num_hidden_layers", "2"),
        arguments("vocab_size", "256"),
        arguments("rms_norm_eps", Double.NaN),
        arguments("rms_norm_eps", "1e-6"),
        arguments("rms_norm_eps", 0.0),
        arguments("rms_norm_eps", -1e-6),
        arguments("hidden_act", "swoosh"),
        arguments("hidden_act", 1L),
        arguments("tie_word_embeddings", "false"),
        arguments("attention_bias", 0L),
        arguments("head_dim", 15L),
        arguments("rope_parameters", "default"),
        arguments("model_type", 7L));
  }

  @ParameterizedTest
  @MethodSource("wrongValues")
  void aWrongValueIsRefusedByItsKey(String key, Object value) {
    // The number of heads is at fault in the eyes of the number that does not divide it.
    String named = Long.valueOf(3).equals(value) ? "num_key_value_heads" : key;
    refused(new Altered("llama").config(key, value), named);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "hidden_size",
        "num_hidden_layers",
        "num_attention_heads",
        "intermediate_size",
        "model_type"
      })
  void aMissingKeyIsNamed(String key) {
    refused(new Altered("llama").without(key), key);
  }

  static Stream<Arguments> wrongRopes() {
    return Stream.of(
        arguments(Map.of("rope_type", "spiral"), "rope_type"),
        arguments(Map.of("type", "spiral"), "type"),
        arguments(Map.of("rope_type", "linear"), "factor"),
        arguments(Map.of("rope_type", "linear", "factor", 0.0), "factor"),
        arguments(Map.of("rope_type", "llama3", "factor", 8.0), "low_freq_factor"),
        arguments(
            Map.of(
                "rope_type", "llama3",
                "factor", 8.0,
                "low_freq_factor", 4.0,
                "high_freq_factor", 1.0),
            "high_freq_factor"),
        arguments(Map.of("rope_type", "yarn", "factor", "4"), "factor"),
        arguments(Map.of("rope_type", "longrope", "short_factor", List.of(1.0)), "short_factor"),
        arguments(Map.of("rope_theta", -1.0), "rope_theta"));
  }

  @ParameterizedTest
  @MethodSource("wrongRopes")
  void aWrongRotaryEmbeddingIsRefusedByItsKey(Map<String, Object> rope, String key) {
    refused(new Altered("llama").config("rope_parameters", rope), "rope_parameters." + key);
    refused(
        new Altered("llama").without("rope_parameters").config("rope_scaling", rope),
        "rope_scaling." + key);
  }

  @Test
  void anUnknownFamilyIsRefusedWithItsNearMatches() {
    String message = refused(new Altered("llama").config("model_type", "lama4"), "model_type");
    assertTrue(message.contains("the nearest is llama"), message);
    String far = refused(new Altered("llama").config("model_type", "zzzzzzzzz"), "model_type");
    assertTrue(!far.contains("nearest"), far);
    for (var a : Architectures.ALL) {
      assertTrue(far.contains(a.modelType()), far);
    }
  }

  @Test
  void aTensorThatContradictsTheConfigurationIsNamed() {
    String name = "model.layers.1.mlp.up_proj.weight";
    String message = refused(new Altered("llama").with(name, Tensor.zeros(95, 64)), name);
    assertTrue(message.contains("[96, 64]") && message.contains("[95, 64]"), message);
  }

  @Test
  void theFirstMissingTensorIsNamedBeforeAnythingIsComputed() {
    String name = "model.layers.0.self_attn.k_proj.weight";
    refused(new Altered("llama").without(name).without("model.layers.1.mlp.up_proj.weight"), name);
    refused(new Altered("llama").without("lm_head.weight"), "lm_head.weight");
  }

  @Test
  void aTensorThatIsNotFiniteIsNamed() {
    Tensor damaged = Tensor.zeros(64, 64);
    damaged.data()[77] = Float.NaN;
    String name = "model.layers.1.self_attn.q_proj.weight";
    try (Altered source = new Altered("llama").with(name, damaged)) {
      Decoder decoder = Architectures.load(source);
      decoder.block(0);
      InputException e = assertThrows(InputException.class, () -> decoder.block(1));
      assertEquals(name, e.place());
    }
  }

  private static String refused(Altered source, String key) {
    try (source) {
      InputException e = assertThrows(InputException.class, () -> Architectures.load(source));
      assertEquals(key, e.place(), e.getMessage());
      assertTrue(!e.getMessage().contains("\n") && !e.getMessage().contains("null "));
      return e.getMessage();
    }
  }
}

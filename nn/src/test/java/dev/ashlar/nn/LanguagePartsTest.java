package dev.ashlar.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ashlar.nn.architecture.Architecture;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.weights.MemoryWeights;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Configurations of models that see, in the short form in which some are published. */
class LanguagePartsTest {
  @Test
  void sizesThatASectionLeavesOutAreThePeersDefaults() {
    Map<String, Object> text =
        Map.of("model_type", "llama", "vocab_size", 32_064, "max_position_embeddings", 4096);
    DecoderSpec spec =
        Architectures.spec(
            new MemoryWeights(Map.of("model_type", "llava", "text_config", text))
                .put("language_model.model.embed_tokens.weight", Tensor.zeros(1, 1)));
    assertEquals(32_064, spec.vocab());
    assertEquals(4096, spec.dim());
    assertEquals(32, spec.blocks().size());
    assertEquals("language_model.model.layers.0", spec.blocks().getFirst().name());
    assertEquals(4096, spec.maxPositions());
  }

  /**
   * The names of modules that the classes of transformers 5.24 give, read from their instances;
   * those of models that bring classes of their own are the files'.
   */
  @ParameterizedTest
  @CsvSource({
    "gemma3, model.language_model.",
    "idefics3, model.text_model.",
    "internvl, model.language_model.",
    "internvl_chat, language_model.model.",
    "llava, model.language_model.",
    "llava_next, model.language_model.",
    "llava_onevision, model.language_model.",
    "mistral3, model.language_model.",
    "phi3_v, model.",
    "qwen2_5_vl, model.language_model.",
    "qwen2_audio, model.language_model.",
    "qwen2_vl, model.language_model.",
    "qwen3_vl, model.language_model.",
    "smolvlm, model.text_model.",
    "voxtral, model.language_model.",
  })
  void modulesAreCalledAsTheirClassesCallThem(String family, String prefix) {
    Architecture known = Architectures.find(family).orElseThrow();
    boolean own = family.equals("phi3_v") || family.equals("internvl_chat");
    List<String> spellings =
        own
            ? List.of(prefix)
            : List.of(
                "model.language_model.",
                "model.text_model.",
                "language_model.model.",
                "model.",
                "language_model.");
    for (String spelling : spellings) {
      assertEquals(
          prefix + "layers.3.mlp.up_proj", known.loaded(spelling + "layers.3.mlp.up_proj"));
    }
    if (!own) {
      assertEquals("lm_head", known.loaded("language_model.lm_head"));
      assertEquals("lm_head.weight", known.loaded("lm_head.weight"));
    }
  }

  /** A family that is not in the table above has no names that anybody looked at. */
  @Test
  void allFamiliesWithALanguagePartHaveNames() {
    for (Architecture family : Architectures.all()) {
      String inner = "language_model.model.layers.0.self_attn.q_proj";
      boolean part = family.getClass().getSimpleName().equals("TextPart");
      boolean changed = !family.loaded(inner).equals(inner);
      boolean own =
          family.modelType().equals("phi3_v") || family.modelType().equals("internvl_chat");
      assertEquals(part && !own, changed, family.modelType());
    }
  }
}

package dev.ashlar.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.weights.MemoryWeights;
import java.util.Map;
import org.junit.jupiter.api.Test;

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
}

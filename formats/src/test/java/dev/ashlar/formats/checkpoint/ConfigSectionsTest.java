package dev.ashlar.formats.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.weights.ConfigNames;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Whatever a section on the language part is called, it is one. */
class ConfigSectionsTest {
  @Test
  void copiesSayTheirTypeInAllSections() {
    for (String section : ConfigNames.SECTIONS) {
      Map<String, Object> config = Map.of(section, Map.of("torch_dtype", "bfloat16"));
      assertEquals(
          Map.of("torch_dtype", "float32"),
          ModelConfig.rewritten(config, DType.F32, null).get(section),
          section);
      assertEquals(Optional.of(config.get(section)), ConfigNames.section(config));
    }
    assertEquals(Optional.empty(), ConfigNames.section(Map.of("vision_config", Map.of())));
  }
}

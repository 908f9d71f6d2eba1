package dev.ashlar.engine.quantize;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.io.InputException;
import dev.ashlar.tensor.quant.ActivationScheme;
import dev.ashlar.tensor.quant.ActivationScheme.Element;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Schemes by name, and those of single layers. */
class SchemesTest {
  @TempDir Path scratch;

  @Test
  void namesSayBitsAndGroups() {
    assertEquals(Optional.of(new NamedScheme(4, 128)), NamedScheme.named("W4A16"));
    assertEquals(Optional.of(new NamedScheme(2, 64)), NamedScheme.named("w2a16g64"));
    ActivationScheme bytes = new ActivationScheme(new Element.Integers(8, true), -1, true);
    assertEquals(new NamedScheme(4, 64, Optional.of(bytes)), NamedScheme.require("w4a8g64"));
    assertEquals(new NamedScheme(8, -1, Optional.of(bytes)), NamedScheme.require("INT8"));
    for (String name : List.of("W1A16", "W9A16", "W4A7", "W4A16G0", "W4A16G", "W4A16G64x", "")) {
      assertEquals(Optional.empty(), NamedScheme.named(name), name);
    }
  }

  @Test
  void rulesKeepTheirOrder() throws IOException {
    String json = "{\"a.b\": {\"bits\": 8}, \".*c\": {\"group_size\": -1, \"sym\": false}}";
    assertEquals(List.of("a.b", ".*c"), List.copyOf(LayerConfig.read(json).keySet()));
    Path file = Files.writeString(scratch.resolve("rules.json"), json);
    assertEquals(LayerConfig.read(json), LayerConfig.read(file.toString()));
  }

  @Test
  void faultyRulesAreNamed() {
    for (String rule :
        List.of(
            "{\"bits\": 1}",
            "{\"bits\": 9}",
            "{\"bits\": \"4\"}",
            "{\"group_size\": 0}",
            "{\"sym\": 1}",
            "{\"data_type\": \"nf4\"}",
            "{\"colour\": 1}",
            "5")) {
      String sentence =
          assertThrows(InputException.class, () -> LayerConfig.read("{\"layer\": " + rule + "}"))
              .getMessage();
      assertTrue(sentence.contains("layer"), sentence);
    }
    assertThrows(InputException.class, () -> LayerConfig.read(scratch.resolve("no") + ""));
  }
}

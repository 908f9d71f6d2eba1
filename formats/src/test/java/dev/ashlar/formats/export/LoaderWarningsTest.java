package dev.ashlar.formats.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tensor.weights.MemoryWeights;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Families whose packed weights loaders that are built on transformers lose are warned of. */
class LoaderWarningsTest {
  /** A model of that type and of nothing else. */
  private static WeightSource typed(String type) {
    return new MemoryWeights(Map.of("model_type", type));
  }

  @Test
  void mapsOfAnotherClassInAnyFormat() {
    String said = Refusals.loaderWarning("auto_round", typed("falcon"), false).orElseThrow();
    assertTrue(said.contains("falcon models") && said.contains("--format fake"), said);
    assertEquals(Optional.empty(), Refusals.loaderWarning("auto_round", typed("llama"), true));
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt_oss", "granitemoe"})
  void stackedExpertsWhereNoLoaderTakesThemApart(String type) {
    assertEquals(Optional.empty(), Refusals.loaderWarning("auto_round", typed(type), false));
    String said = Refusals.loaderWarning("fp8", typed(type), true).orElseThrow();
    assertTrue(said.contains(type + " models"), said);
  }
}

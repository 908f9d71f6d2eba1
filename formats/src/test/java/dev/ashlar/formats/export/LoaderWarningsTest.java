package dev.ashlar.formats.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Families whose packed weights loaders that are built on transformers lose are warned of. */
class LoaderWarningsTest {
  /** A model of that type and of nothing else. */
  private record Typed(String type) implements WeightSource {
    @Override
    public String description() {
      return type;
    }

    @Override
    public Map<String, Object> config() {
      return Map.of("model_type", type);
    }

    @Override
    public Set<String> names() {
      return Set.of();
    }

    @Override
    public Optional<StoredTensor> find(String name) {
      return Optional.empty();
    }

    @Override
    public Set<String> quantizedNames() {
      return Set.of();
    }

    @Override
    public Optional<QuantizedMatrix> quantized(String module) {
      return Optional.empty();
    }

    @Override
    public StoredTensor tensor(String name) {
      throw fault(name, "", "", "");
    }

    @Override
    public RuntimeException fault(String tensor, String expected, String found, String hint) {
      return new IllegalStateException(tensor);
    }

    @Override
    public void close() {}
  }

  @Test
  void mapsOfAnotherClassInAnyFormat() {
    String said = Refusals.loaderWarning("auto_round", new Typed("falcon"), false).orElseThrow();
    assertTrue(said.contains("falcon models") && said.contains("--format fake"), said);
    assertEquals(Optional.empty(), Refusals.loaderWarning("auto_round", new Typed("llama"), true));
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt_oss", "granitemoe"})
  void stackedExpertsWhereNoLoaderTakesThemApart(String type) {
    assertEquals(Optional.empty(), Refusals.loaderWarning("auto_round", new Typed(type), false));
    String said = Refusals.loaderWarning("fp8", new Typed(type), true).orElseThrow();
    assertTrue(said.contains(type + " models"), said);
  }
}

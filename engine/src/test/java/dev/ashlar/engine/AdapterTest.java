package dev.ashlar.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.engine.model.AdaptedModules;
import dev.ashlar.engine.model.Model;
import dev.ashlar.formats.adapter.AdapterFile;
import dev.ashlar.formats.adapter.PeftFolder;
import dev.ashlar.formats.safetensors.SafetensorsFile;
import dev.ashlar.io.InputException;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.nn.layer.LowRankWeight;
import dev.ashlar.nn.layer.PackedWeight;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Adapters of PEFT and of GGUF files: what PEFT computes with them, beside a model and merged. */
class AdapterTest {
  private static final Path ADAPTERS = Path.of("src/test/resources/adapters");
  private static final Path MODELS = Path.of("../nn/src/test/resources/models");

  /** Of the largest logit: what float32 gives in another order of sums. */
  private static final double TOLERANCE = 2e-5;

  @ParameterizedTest
  @CsvSource({
    "llama, llama, llama",
    "llama_patterns, llama, llama_patterns",
    "qwen2, qwen2, qwen2",
    "gpt2, gpt2_scale_by_layer, gpt2",
    "mixtral, mixtral, mixtral",
    "llama.gguf, llama, llama",
    "gpt2.gguf, gpt2_scale_by_layer, gpt2",
  })
  void logitsArePeftsBesideAndMerged(
      String adapter, String model, String golden, @TempDir Path merged) {
    try (SafetensorsFile expected =
        SafetensorsFile.open(ADAPTERS.resolve(golden + "/expected.safetensors"))) {
      int[] ids = ids(expected);
      float[] logits = expected.tensor("logits").toTensor().data();
      float[] without = expected.tensor("base").toTensor().data();
      assertTrue(difference(without, logits) > 0.05, "the adapter changes nothing");
      try (LanguageModel plain = LanguageModel.open(MODELS.resolve(model));
          LanguageModel opened = open(model, ADAPTERS.resolve(adapter), 1)) {
        assertClose(without, logits(plain.measured(), ids));
        assertClose(logits, logits(opened.decoder(ids.length), ids));
        assertClose(logits, logits(opened.measured(), ids));
        opened.writeFloats(merged.resolve("m"), Optional.empty());
      }
      try (LanguageModel written = LanguageModel.open(merged.resolve("m"))) {
        assertClose(expected.tensor("merged").toTensor().data(), logits(written.measured(), ids));
      }
    }
  }

  @Test
  void severalCountAtTheirScales() {
    try (SafetensorsFile expected = SafetensorsFile.open(ADAPTERS.resolve("two.safetensors"));
        LanguageModel opened =
            LanguageModel.open(
                MODELS.resolve("llama"),
                ModelOptions.defaults()
                    .withAdapter(ADAPTERS.resolve("llama"), 0.5)
                    .withAdapter(ADAPTERS.resolve("llama_patterns"), -1.25))) {
      int[] ids = ids(expected);
      assertClose(expected.tensor("logits").toTensor().data(), logits(opened.measured(), ids));
    }
  }

  /** Codes stay codes, and a merged copy computes the same. */
  @Test
  void packedWeightsStayPacked(@TempDir Path folder) {
    Path packed = folder.resolve("packed");
    Fixtures.quick(packed).run();
    int[] ids = Fixtures.tokens(1, 11).getFirst();
    float[] beside;
    try (LanguageModel plain = LanguageModel.open(packed);
        LanguageModel opened =
            LanguageModel.open(
                packed, ModelOptions.defaults().withAdapter(ADAPTERS.resolve("llama")))) {
      List<String> adapted = new ArrayList<>();
      opened
          .decoder(ids.length)
          .mapWeights(
              (name, weight) -> {
                if (weight instanceof LowRankWeight low && low.inner() instanceof PackedWeight) {
                  adapted.add(name);
                }
                return weight;
              });
      assertEquals(10, adapted.size());
      beside = logits(opened.decoder(ids.length), ids);
      assertTrue(difference(logits(plain.decoder(ids.length), ids), beside) > 0.05);
      opened.writeFloats(folder.resolve("floats"), Optional.empty());
      InputException refused =
          assertThrows(
              InputException.class, () -> opened.export(folder.resolve("x"), "auto_round"));
      assertTrue(refused.getMessage().contains("is open with adapters"), refused.getMessage());
    }
    try (LanguageModel written = LanguageModel.open(folder.resolve("floats"))) {
      assertClose(logits(written.measured(), ids), beside);
    }
  }

  /** Experts that are packed one by one and lie in one tensor as floats. */
  @Test
  void packedExpertsAreMerged(@TempDir Path folder) throws IOException {
    Path packed = folder.resolve("packed");
    Quantization.of(MODELS.resolve("qwen3_moe")).method("rtn").groupSize(32).into(packed).run();
    Path adapter = folder.resolve("adapter");
    try (Model model = Model.open(packed)) {
      assertTrue(
          model.checkpoint().quantizedNames().stream().anyMatch(m -> m.contains("experts.1.")));
      writeRandom(model, adapter);
    }
    int[] ids = Arrays.stream(Fixtures.tokens(1, 9).getFirst()).map(i -> i % 60 + 3).toArray();
    float[] beside;
    try (LanguageModel plain = LanguageModel.open(packed);
        LanguageModel opened =
            LanguageModel.open(packed, ModelOptions.defaults().withAdapter(adapter))) {
      beside = logits(opened.decoder(ids.length), ids);
      assertTrue(difference(logits(plain.decoder(ids.length), ids), beside) > 1e-3);
      opened.writeFloats(folder.resolve("floats"), Optional.empty());
    }
    try (LanguageModel written = LanguageModel.open(folder.resolve("floats"))) {
      assertClose(logits(written.measured(), ids), beside);
    }
  }

  static Stream<String> models() throws IOException {
    try (Stream<Path> all = Files.list(MODELS)) {
      return all
          .filter(Files::isDirectory)
          .map(p -> p.getFileName().toString())
          .sorted()
          .toList()
          .stream();
    }
  }

  /**
   * Every linear map of every family that can be adapted: turned, fused, stacked, shared by
   * experts.
   */
  @ParameterizedTest
  @MethodSource("models")
  void mergedIsBesideInEveryFamily(String name, @TempDir Path folder) throws IOException {
    Path adapter = folder.resolve("adapter");
    try (Model model = Model.open(MODELS.resolve(name))) {
      writeRandom(model, adapter);
    }
    int[] ids = Arrays.stream(Fixtures.tokens(1, 9).getFirst()).map(i -> i % 60 + 3).toArray();
    float[] plain;
    float[] beside;
    try (LanguageModel base = LanguageModel.open(MODELS.resolve(name));
        LanguageModel opened = open(name, adapter, 1)) {
      plain = logits(base.measured(), ids);
      beside = logits(opened.measured(), ids);
      assertTrue(difference(plain, beside) > 1e-3, "the adapter changes nothing");
      opened.writeFloats(folder.resolve("m"), Optional.empty());
    }
    try (LanguageModel written = LanguageModel.open(folder.resolve("m"))) {
      assertClose(beside, logits(written.measured(), ids));
    }
  }

  private static void writeRandom(Model model, Path folder) {
    Random random = new Random(11);
    Map<String, PeftFolder.Factors> factors = new LinkedHashMap<>();
    for (Map.Entry<String, LinearSpec> e :
        new AdaptedModules(model.spec(), model.checkpoint()).all().entrySet()) {
      LinearSpec map = e.getValue();
      factors.put(
          e.getKey(),
          new PeftFolder.Factors(
              random(random, 2, map.in(), 0.3 / Math.sqrt(map.in())),
              random(random, map.out(), 2, 0.3)));
    }
    PeftFolder.write(
        folder, new PeftFolder.Settings("x", 2, 2, List.copyOf(factors.keySet()), false), factors);
  }

  private static Tensor random(Random random, int rows, int columns, double size) {
    Tensor t = Tensor.zeros(rows, columns);
    for (int i = 0; i < t.size(); i++) {
      t.data()[i] = (float) (random.nextGaussian() * size);
    }
    return t;
  }

  @Test
  void anAdapterOfAnotherModelIsRefusedByName() {
    InputException shape =
        assertThrows(
            InputException.class, () -> open("qwen3", ADAPTERS.resolve("llama_patterns"), 1));
    assertTrue(shape.getMessage().contains("adapter_model.safetensors: base_model.model.model."));
    assertTrue(shape.getMessage().contains("expected shape ["), shape.getMessage());
    InputException name =
        assertThrows(
            InputException.class, () -> open("gpt2_scale_by_layer", ADAPTERS.resolve("llama"), 1));
    assertTrue(name.getMessage().contains("lora_B.weight"), name.getMessage());
    assertTrue(name.getMessage().contains("expected a linear map of "), name.getMessage());
    assertTrue(name.getMessage().contains("such as transformer.h.0."), name.getMessage());
    InputException family =
        assertThrows(InputException.class, () -> open("qwen2", ADAPTERS.resolve("llama.gguf"), 1));
    assertTrue(
        family.getMessage().endsWith("expected \"qwen2\" but found \"llama\""),
        family.getMessage());
  }

  @Test
  void optionsKeepTheOrder() {
    ModelOptions options =
        ModelOptions.defaults()
            .withAdapter(Path.of("a"))
            .withThreads(2)
            .withAdapter(Path.of("b"), 2);
    assertEquals(
        List.of(new AdapterFile(Path.of("a"), 1), new AdapterFile(Path.of("b"), 2)),
        options.adapters());
  }

  private static LanguageModel open(String model, Path adapter, double scale) {
    return LanguageModel.open(
        MODELS.resolve(model), ModelOptions.defaults().withAdapter(adapter, scale));
  }

  private static int[] ids(SafetensorsFile expected) {
    Tensor t = expected.tensor("input_ids").toTensor();
    int[] ids = new int[t.size()];
    Arrays.setAll(ids, i -> (int) t.data()[i]);
    return ids;
  }

  private static float[] logits(Decoder decoder, int[] ids) {
    Tape tape = Tape.off(decoder.backend());
    Tensor logits = decoder.forward(ids, BlockContext.of(1, ids.length), tape);
    return Arrays.copyOf(logits.data(), logits.size());
  }

  /** The largest difference, of the largest value. */
  private static double difference(float[] expected, float[] found) {
    assertEquals(expected.length, found.length);
    double largest = 0;
    double difference = 0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      difference = Math.max(difference, Math.abs(expected[i] - found[i]));
    }
    return difference / largest;
  }

  private static void assertClose(float[] expected, float[] found) {
    double difference = difference(expected, found);
    if (!(difference < TOLERANCE)) {
      assertArrayEquals(expected, found, 0f, "relative difference " + difference);
    }
  }
}

package dev.ashlar.cli.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.export.ExportFormat;
import dev.ashlar.formats.export.ExportFormats;
import dev.ashlar.formats.export.ExportPlan;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.quant.Unquantized;
import dev.ashlar.tensor.weights.StoredTensor;
import dev.ashlar.tensor.weights.WeightSource;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;

/**
 * Configurations under the other names that transformers has for a key, and without keys that say
 * what is usual: models are the same, and what can be written as GGUF still can.
 */
class ConfigNamesTest {
  private static final ExportFormat GGUF = ExportFormats.named("gguf").orElseThrow();
  private static final ExportPlan FLOATS = new ExportPlan(new Unquantized(), Map.of());

  /** {@code attribute_map} of the classes of transformers 5.24: the name, the key it stands for. */
  private static final Map<String, Map<String, String>> NAMES =
      Map.ofEntries(
          Map.entry("mixtral", Map.of("num_experts", "num_local_experts")),
          Map.entry("qwen3_moe", Map.of("num_experts", "num_local_experts")),
          Map.entry("minimax_m2", Map.of("num_experts", "num_local_experts")),
          Map.entry("gpt_oss", Map.of("num_experts", "num_local_experts")),
          Map.entry("dots1", Map.of("num_local_experts", "n_routed_experts")),
          Map.entry("deepseek_v2", Map.of("num_experts", "n_routed_experts")),
          Map.entry("deepseek_v3", Map.of("num_local_experts", "n_routed_experts")),
          Map.entry("glm4_moe", Map.of("num_local_experts", "n_routed_experts")),
          Map.entry("olmoe", Map.of("num_local_experts", "num_experts")),
          Map.entry(
              "ernie4_5_moe",
              Map.of("num_experts", "moe_num_experts", "num_experts_per_tok", "moe_k")),
          Map.entry(
              "hunyuan_v1_moe",
              Map.of("num_experts_per_tok", "moe_topk", "num_local_experts", "num_experts")),
          Map.entry("gpt2", gpt()),
          Map.entry("gpt_bigcode", gpt()),
          Map.entry("gptj", gpt()),
          Map.entry("codegen", gpt()),
          Map.entry(
              "gpt_neo",
              Map.of("num_attention_heads", "num_heads", "num_hidden_layers", "num_layers")),
          Map.entry(
              "bloom", Map.of("num_hidden_layers", "n_layer", "num_attention_heads", "n_head")),
          Map.entry(
              "mpt",
              Map.of(
                  "num_attention_heads",
                  "n_heads",
                  "hidden_size",
                  "d_model",
                  "num_hidden_layers",
                  "n_layers")));

  private static Map<String, String> gpt() {
    return Map.of(
        "hidden_size",
        "n_embd",
        "max_position_embeddings",
        "n_positions",
        "num_attention_heads",
        "n_head",
        "num_hidden_layers",
        "n_layer");
  }

  /** A model with another configuration. */
  private record Said(WeightSource model, Map<String, Object> config) implements WeightSource {
    @Override
    public String description() {
      return model.description();
    }

    @Override
    public Set<String> names() {
      return model.names();
    }

    @Override
    public Optional<StoredTensor> find(String name) {
      return model.find(name);
    }

    @Override
    public Set<String> quantizedNames() {
      return model.quantizedNames();
    }

    @Override
    public Optional<QuantizedMatrix> quantized(String module) {
      return model.quantized(module);
    }

    @Override
    public Optional<Shape> quantizedShape(String module) {
      return model.quantizedShape(module);
    }

    @Override
    public StoredTensor tensor(String name) {
      return model.tensor(name);
    }

    @Override
    public RuntimeException fault(String tensor, String expected, String found, String hint) {
      return model.fault(tensor, expected, found, hint);
    }

    @Override
    public void close() {}
  }

  private static Stream<DynamicNode> each(Consumer<Checkpoint> test) {
    return FixtureFolders.texts().stream()
        .map(
            folder ->
                dynamicTest(
                    FixtureFolders.name(folder),
                    () -> {
                      try (Checkpoint model = Checkpoints.open(folder)) {
                        test.accept(model);
                      }
                    }));
  }

  @TestFactory
  Stream<DynamicNode> namesAreOneAndTheSame() {
    return each(ConfigNamesTest::renamed);
  }

  private static void renamed(Checkpoint model) {
    Map<String, Object> config = model.config();
    Map<String, Object> other = new LinkedHashMap<>(config);
    NAMES
        .getOrDefault(String.valueOf(config.get("model_type")), Map.of())
        .forEach(
            (name, key) -> {
              if (!config.containsKey(name) && config.containsKey(key)) {
                other.put(name, other.remove(key));
              }
            });
    Said said = new Said(model, other);
    assertEquals(Architectures.spec(model), Architectures.spec(said));
    assertEquals(GGUF.refusal(model, FLOATS), GGUF.refusal(said, FLOATS));
  }

  @TestFactory
  Stream<DynamicNode> whatIsUsualNeedNotBeSaid() {
    return each(ConfigNamesTest::shortened);
  }

  private static void shortened(Checkpoint model) {
    String spec = withoutContext(Architectures.spec(model));
    Optional<String> refusal = GGUF.refusal(model, FLOATS);
    Map<String, String> missed = new HashMap<>();
    for (String key : List.copyOf(model.config().keySet())) {
      Map<String, Object> less = new LinkedHashMap<>(model.config());
      less.remove(key);
      Said said = new Said(model, less);
      Optional<String> found = read(said);
      if (found.equals(Optional.of(spec)) && !GGUF.refusal(said, FLOATS).equals(refusal)) {
        missed.put(key, GGUF.refusal(said, FLOATS).orElse(""));
      }
    }
    assertEquals(Map.of(), missed);
  }

  /** How long texts may be is another with every fixture, and never what is usual. */
  private static String withoutContext(DecoderSpec spec) {
    return spec.toString().replaceAll("maxPositions=\\d+", "");
  }

  private static Optional<String> read(WeightSource model) {
    try {
      return Optional.of(withoutContext(Architectures.spec(model)));
    } catch (RuntimeException e) {
      return Optional.empty();
    }
  }

  /** The names above are those of fixtures, or nothing would be tested. */
  @TestFactory
  Stream<DynamicNode> everyListedFamilyIsThere() {
    Set<Object> types = new HashSet<>();
    for (Path folder : FixtureFolders.texts()) {
      try (Checkpoint model = Checkpoints.open(folder)) {
        types.add(model.config().get("model_type"));
      }
    }
    return NAMES.keySet().stream()
        .map(type -> dynamicTest(type, () -> assertTrue(types.contains(type))));
  }
}

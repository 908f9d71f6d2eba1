package dev.ashlar.cli.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.io.json.Json;
import dev.ashlar.io.json.JsonWriter;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.weights.WeightSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is written of a model is what was stored of it, whatever its configuration said. */
class StoredBeatsDeclaredTest {
  private static final String HEAD = "lm_head.weight";
  private static final String TABLE = "model.embed_tokens.weight";
  private static final String TIED = "tie_word_embeddings";

  @TempDir Path scratch;

  /** A model that is a copied one with other values in its configuration and other tensors. */
  private Path model(
      String fixture, Consumer<Map<String, Object>> config, Consumer<Map<String, Tensor>> tensors)
      throws IOException {
    Path folder = Files.createTempDirectory(scratch, "model");
    Path copied = FixtureFolders.copied(fixture);
    Map<String, Object> changed =
        new LinkedHashMap<>(Json.readObject(copied.resolve("config.json")));
    config.accept(changed);
    Map<String, Tensor> all = FixtureFolders.tensors(copied);
    tensors.accept(all);
    FixtureFolders.write(folder, changed, all);
    return folder;
  }

  /** A copied model whose configuration ties its head, which is stored all the same. */
  private Path tied() throws IOException {
    return model("llama", c -> c.put(TIED, true), t -> {});
  }

  private Path quantize(Path model, Object... more) throws IOException {
    Path out = Files.createTempDirectory(scratch, "quantized").resolve("out");
    List<Object> all = new ArrayList<>(List.of("--bits", 8));
    all.addAll(List.of(more));
    CommandRun.succeed(CommandRun.rtn(model, out, all.toArray()));
    return out;
  }

  private Path converted(Path model) throws IOException {
    Path out = Files.createTempDirectory(scratch, "converted").resolve("out");
    CommandRun.succeed("convert", "--model", model, "--output-dir", out);
    return out;
  }

  private static float[] floats(WeightSource source, String name) {
    return source.tensor(name).toTensor().data();
  }

  @ParameterizedTest
  @ValueSource(strings = {"auto_round", "auto_gptq", "fake"})
  void aTrainedHeadIsInEveryExport(String format) throws IOException {
    Path model = tied();
    for (Path out :
        List.of(
            quantize(model, "--format", format),
            quantize(model, "--format", format, "--model-free"))) {
      try (Checkpoint source = Checkpoints.open(model);
          Checkpoint written = Checkpoints.open(out)) {
        assertEquals(false, written.config().get(TIED));
        float[] head = floats(written, HEAD);
        float[] own = floats(source, HEAD);
        for (int i = 0; i < own.length; i++) {
          assertEquals(own[i], head[i], Math.abs(own[i]) / 1000 + 1e-6);
        }
        assertFalse(Architectures.load(written).tiedHead());
      }
    }
  }

  @Test
  void theHeadOfAFamilyThatNobodyDescribedIsKept() throws IOException {
    Path model =
        model(
            "llama",
            c -> {
              c.put(TIED, true);
              c.put("model_type", "frobnicate");
            },
            t -> {});
    try (Checkpoint source = Checkpoints.open(model);
        Checkpoint written = Checkpoints.open(quantize(model, "--model-free"))) {
      assertArrayEquals(floats(source, HEAD), floats(written, HEAD));
      assertEquals(false, written.config().get(TIED));
    }
  }

  @Test
  void aHeadThatTheFlagTiesCanBeQuantized() throws IOException {
    try (Checkpoint written = Checkpoints.open(quantize(tied(), "--quant-lm-head"))) {
      assertTrue(written.quantizedNames().contains("lm_head"));
    }
  }

  @Test
  void aTableThatIsStoredTwiceIsWrittenOnce() throws IOException {
    Path model = model("llama", c -> c.put(TIED, true), t -> t.put(HEAD, t.get(TABLE)));
    for (Path out : List.of(quantize(model), quantize(model, "--model-free"))) {
      try (Checkpoint written = Checkpoints.open(out)) {
        assertTrue(written.find(HEAD).isEmpty());
        assertEquals(true, written.config().get(TIED));
      }
    }
  }

  @Test
  void theBiasOfATiedHeadIsKept() throws IOException {
    Tensor bias = Tensor.zeros(256);
    bias.data()[7] = 3;
    Path model = model("gemma", c -> {}, t -> t.put("lm_head.bias", bias));
    for (Path out : List.of(quantize(model), quantize(model, "--model-free"))) {
      try (Checkpoint written = Checkpoints.open(out)) {
        assertArrayEquals(bias.data(), floats(written, "lm_head.bias"));
        assertTrue(Architectures.spec(written).head().output().bias());
      }
    }
  }

  @Test
  void aTiedModelThatStoresOnlyItsHeadIsWrittenWithItsEmbedding() throws IOException {
    Path model = model("llama", c -> c.put(TIED, true), t -> t.put(HEAD, t.remove(TABLE)));
    for (Path out : List.of(quantize(model), quantize(model, "--model-free"))) {
      try (Checkpoint source = Checkpoints.open(model);
          Checkpoint written = Checkpoints.open(out)) {
        assertArrayEquals(floats(source, HEAD), floats(written, TABLE));
        assertTrue(written.find(HEAD).isEmpty());
        assertTrue(Architectures.load(written).tiedHead());
      }
    }
  }

  @Test
  void aCopyInFloatsSaysWhatItHolds() throws IOException {
    try (Checkpoint written = Checkpoints.open(converted(tied()))) {
      assertEquals(false, written.config().get(TIED));
      assertTrue(written.find(HEAD).isPresent() && written.find(TABLE).isPresent());
    }
  }

  /** The folder with another configuration. */
  private static Path edited(Path folder, Consumer<Map<String, Object>> change) throws IOException {
    Path file = folder.resolve("config.json");
    Map<String, Object> config = new LinkedHashMap<>(Json.readObject(file));
    change.accept(config);
    Files.writeString(file, JsonWriter.pretty(config));
    return folder;
  }

  private static void lie(Map<String, Object> config) {
    config.put("vocab_size", 250L);
    config.put("head_dim", 16L);
    config.put("intermediate_size", 17L);
    config.put("attention_bias", true);
  }

  /** Packed or not, a copy in floats says of its tensors what they are. */
  @Test
  void aCopyInFloatsStatesTheSizesThatItHas() throws IOException {
    Path floats = model("gemma", c -> {}, t -> {});
    Map<String, Object> right = Json.readObject(floats.resolve("config.json"));
    for (Path model : List.of(floats, quantize(floats))) {
      try (Checkpoint written =
          Checkpoints.open(converted(edited(model, StoredBeatsDeclaredTest::lie)))) {
        for (String key : List.of("vocab_size", "head_dim", "intermediate_size")) {
          assertEquals(right.get(key), written.config().get(key), key);
        }
        assertEquals(false, written.config().get("attention_bias"));
        assertEquals(Map.of(), Architectures.corrections(Architectures.spec(written), written));
      }
    }
  }

  @Test
  void aCopyInFloatsHasThePositionsThatAreStored() throws IOException {
    Path floats = model("gpt2_scale_by_layer", c -> {}, t -> {});
    for (Path model : List.of(floats, quantize(floats))) {
      Path copy = converted(edited(model, c -> c.put("n_positions", 48L)));
      try (Checkpoint written = Checkpoints.open(copy)) {
        assertEquals(64L, written.config().get("n_positions"));
      }
    }
  }

  @Test
  void aCopyInFloatsHasTheEmbeddingOfAPairThatIsStoredAsTheHead() throws IOException {
    Path model = model("llama", c -> c.put(TIED, true), t -> t.put(HEAD, t.remove(TABLE)));
    try (Checkpoint source = Checkpoints.open(model);
        Checkpoint written = Checkpoints.open(converted(model))) {
      assertArrayEquals(floats(source, HEAD), floats(written, TABLE));
      assertTrue(written.find(HEAD).isEmpty());
    }
  }

  /** What an earlier model left would say that the floats are packed. */
  @Test
  void aCopyInFloatsIsNotCalledQuantized() throws IOException {
    Path model =
        model(
            "llama",
            c -> {
              c.put("torch_dtype", "bfloat16");
              c.put("text_config", Map.of("torch_dtype", "bfloat16"));
              c.put("compression_config", Map.of("format", "float-quantized"));
            },
            t -> {});
    Path out = quantize(model, "--format", "auto_gptq");
    CommandRun.succeed("convert", "--model", model, "--output-dir", out, "--force");
    try (Checkpoint written = Checkpoints.open(out)) {
      assertTrue(written.quantizedNames().isEmpty());
      assertFalse(written.config().containsKey("compression_config"));
      assertEquals(Map.of("torch_dtype", "float32"), written.config().get("text_config"));
    }
    assertFalse(Files.exists(out.resolve("quantize_config.json")));
  }

  @Test
  void anExportStatesTheSizesThatItHas() throws IOException {
    Path model =
        model(
            "gemma",
            c -> {
              c.put("vocab_size", 250L);
              c.put("head_dim", 16L);
            },
            t -> {});
    try (Checkpoint written = Checkpoints.open(quantize(model))) {
      assertEquals(256L, written.config().get("vocab_size"));
      assertEquals(24L, written.config().get("head_dim"));
    }
  }

  @Test
  void biasesThatOnlySomeProjectionsHaveAreKept() throws IOException {
    Path model =
        model(
            "qwen2",
            c -> {
              c.put("model_type", "llama");
              c.put("attention_bias", true);
            },
            t -> {});
    try (Checkpoint written = Checkpoints.open(quantize(model))) {
      assertTrue(written.find("model.layers.0.self_attn.q_proj.bias").isPresent());
      assertTrue(written.find("model.layers.0.self_attn.o_proj.bias").isEmpty());
    }
  }

  /** However often the model and its copies are opened in one run. */
  @Test
  void aContradictionIsSaidOnce() throws IOException {
    Tensor norm = Tensor.zeros(16);
    norm.data()[0] = 1;
    Path model =
        model(
            "qwen2",
            c -> {
              c.put("model_type", "llama");
              c.put("attention_bias", true);
              c.put("vocab_size", 250L);
              c.put(TIED, true);
            },
            t -> t.put("model.layers.0.self_attn.q_norm.weight", norm));
    FixtureFolders.writeWords(model);
    Path text = Files.writeString(scratch.resolve("text.txt"), "w5 w6 w7 w8 w9 ".repeat(80));
    List<String> said =
        CommandRun.warnings(
            () -> {
              Path out =
                  quantize(
                      model,
                      "--format",
                      "auto_round,auto_gptq,fake",
                      "--eval-dataset",
                      text,
                      "--eval-seqlen",
                      16);
              assertTrue(Files.exists(out.resolve("fake/config.json")));
            });
    for (String kind : List.of("o_proj", "vocab_size is 250", "ties the head", "no place for")) {
      assertEquals(1, said.stream().filter(l -> l.contains(kind)).count(), kind + ": " + said);
    }
    said =
        CommandRun.warnings(
            () ->
                CommandRun.succeed(
                    "quantize",
                    "--model",
                    model,
                    "--iters",
                    1,
                    "--nsamples",
                    2,
                    "--seqlen",
                    16,
                    "--dataset",
                    text,
                    "--avg-bits",
                    5,
                    "--options",
                    "W4A16G32,W8A16G32",
                    "--no-eval",
                    "--output-dir",
                    scratch.resolve("chosen")));
    for (String kind : List.of("o_proj", "vocab_size is 250", "ties the head", "no place for")) {
      assertEquals(1, said.stream().filter(l -> l.contains(kind)).count(), kind + ": " + said);
    }
  }

  @Test
  void numbersThatOnlyPythonSpellsAreWrittenBack() throws IOException {
    Map<String, Object> odd = new LinkedHashMap<>();
    odd.put("time_step_limit", List.of(0.0, Double.POSITIVE_INFINITY));
    odd.put("lowest", Double.NEGATIVE_INFINITY);
    odd.put("nothing", Double.NaN);
    Path model = model("llama", c -> c.putAll(odd), t -> {});
    for (Path out : List.of(quantize(model), quantize(model, "--model-free"), converted(model))) {
      String json = Files.readString(out.resolve("config.json"));
      assertTrue(json.contains("Infinity\n") && json.contains("\"lowest\": -Infinity"), json);
      assertTrue(json.contains("\"nothing\": NaN"), json);
      try (Checkpoint written = Checkpoints.open(out)) {
        odd.forEach((key, value) -> assertEquals(value, written.config().get(key)));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"auto_round", "auto_gptq", "fake"})
  void scalesAreOfTheTypeThatWasAskedFor(String format) throws IOException {
    Path model =
        model(
            "llama", c -> {}, t -> t.get("model.layers.0.mlp.down_proj.weight").data()[200] = 6e6f);
    Path out = quantize(model, "--format", format, "--scale-dtype", "fp32");
    try (Checkpoint written = Checkpoints.open(out)) {
      float[] weights =
          format.equals("fake")
              ? floats(written, "model.layers.0.mlp.down_proj.weight")
              : written.quantized("model.layers.0.mlp.down_proj").orElseThrow().dequantize().data();
      assertEquals(6e6f, weights[200], 6e4);
    }
    Path halves = scratch.resolve("halves");
    assertTrue(CommandRun.refused(CommandRun.rtn(model, halves)).contains("F16 scale"));
    assertFalse(Files.exists(halves.resolve("config.json")));
  }
}

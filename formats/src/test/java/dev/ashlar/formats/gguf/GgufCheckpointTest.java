package dev.ashlar.formats.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.Shared;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.io.InputException;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.weights.StoredTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

class GgufCheckpointTest {
  @TempDir Path temp;

  private Checkpoint open(GgufBytes bytes) {
    return Checkpoints.open(bytes.write(temp.resolve("m.gguf")));
  }

  private InputException refused(GgufBytes bytes) {
    return assertThrows(InputException.class, () -> open(bytes).close());
  }

  @Test
  void speaksTheWordsOfHuggingFace() {
    try (Checkpoint c = open(GgufBytes.tinyLlama())) {
      Map<String, Object> config = c.config();
      assertEquals("llama", config.get("model_type"));
      assertEquals(8L, config.get("hidden_size"));
      assertEquals(4L, config.get("head_dim"));
      assertEquals(1L, config.get("num_key_value_heads"));
      assertEquals(1e-5, config.get("rms_norm_eps"));
      assertEquals(10_000.0, config.get("rope_theta"));
      assertEquals(6L, config.get("vocab_size"));
      assertEquals(true, config.get("tie_word_embeddings"));
      assertNull(config.get("rope_scaling"));
      assertEquals(11, c.names().size());
      assertTrue(c.names().contains("model.layers.0.self_attn.o_proj.weight"));
      assertTrue(c.find("blk.0.attn_q.weight").isEmpty());
      InputException e = assertThrows(InputException.class, () -> c.tensor("lm_head.weight"));
      assertEquals("lm_head.weight", e.place());
    }
  }

  @Test
  void endsOfTurnsAndMessagesEndTexts() {
    GgufBytes g =
        GgufBytes.tinyLlama()
            .put("tokenizer.ggml.eos_token_id", 2)
            .put("tokenizer.ggml.eot_token_id", 4);
    try (Checkpoint c = open(g)) {
      assertEquals(List.of(2L, 4L), c.generationConfig().get("eos_token_id"));
    }
    try (Checkpoint c = open(GgufBytes.tinyLlama().put("tokenizer.ggml.eos_token_id", 2))) {
      assertEquals(2L, c.generationConfig().get("eos_token_id"));
    }
  }

  /** File rows (head, i, half) are read as (head, half, i), at any range. */
  @Test
  void ordersRotaryRowsByHalves() {
    try (Checkpoint c = open(GgufBytes.tinyLlama())) {
      StoredTensor q = c.tensor("model.layers.0.self_attn.q_proj.weight");
      float[] data = q.toTensor().data();
      int[] rows = {0, 2, 1, 3, 4, 6, 5, 7};
      for (int r = 0; r < 8; r++) {
        for (int k = 0; k < 8; k++) {
          assertEquals(8 * rows[r] + k, data[8 * r + k]);
        }
      }
      float[] part = new float[13];
      q.read(5, part, 0, 13);
      for (int i = 0; i < 13; i++) {
        assertEquals(data[5 + i], part[i]);
      }
      byte[] raw = new byte[4];
      q.readBytes(4 * 8, raw, 0, 4);
      assertEquals(
          16f, java.nio.ByteBuffer.wrap(raw).order(java.nio.ByteOrder.LITTLE_ENDIAN).getFloat());
    }
  }

  @Test
  void translatesRopeScaling() {
    GgufBytes linear = GgufBytes.tinyLlama();
    linear.put("llama.rope.scaling.type", "linear").put("llama.rope.scaling.factor", 2f);
    try (Checkpoint c = open(linear)) {
      assertEquals(Map.of("rope_type", "linear", "factor", 2.0), c.config().get("rope_scaling"));
    }
    GgufBytes yarn = GgufBytes.tinyLlama();
    yarn.put("llama.rope.scaling.type", "yarn").put("llama.rope.scaling.factor", 4f);
    yarn.put("llama.rope.scaling.original_context_length", 16);
    try (Checkpoint c = open(yarn)) {
      assertEquals(
          Map.of("rope_type", "yarn", "factor", 4.0, "original_max_position_embeddings", 16L),
          c.config().get("rope_scaling"));
    }
    GgufBytes unknown = GgufBytes.tinyLlama().put("llama.rope.scaling.type", "warp");
    assertTrue(refused(unknown).getMessage().contains("warp"));
  }

  /** The published scaling of Llama 3.2: factor 32, frequencies between 1 and 4 times 8192. */
  @Test
  void recoversLlama3ScalingFromItsDivisors() {
    float[] divisors = new float[32];
    for (int i = 0; i < 32; i++) {
      double wavelength = 2 * Math.PI * Math.pow(500_000, i / 32.0);
      double smooth = (8192 / wavelength - 1) / 3;
      divisors[i] =
          (float)
              (wavelength < 2048 ? 1 : wavelength > 8192 ? 32 : 1 / ((1 - smooth) / 32 + smooth));
    }
    GgufBytes g = GgufBytes.tinyLlama().put("llama.rope.freq_base", 500_000f);
    g.put("llama.embedding_length", 128).tensor("token_embd.weight", 6, 128);
    g.tensor("blk.0.attn_q.weight", 128, 8).tensor("blk.0.attn_k.weight", 64, 8);
    g.tensor("rope_freqs.weight", divisors, 32);
    try (Checkpoint c = open(g)) {
      assertEquals(
          Map.of(
              "rope_type", "llama3",
              "factor", 32.0,
              "low_freq_factor", 1.0,
              "high_freq_factor", 4.0,
              "original_max_position_embeddings", 8192L),
          c.config().get("rope_scaling"));
      assertFalse(c.names().contains("rope_freqs.weight"));
    }
    divisors[20] *= 1.5f;
    assertEquals("rope_freqs.weight", refused(g).place());
  }

  @Test
  void refusesContradictions() {
    assertTrue(
        refused(GgufBytes.tinyLlama().put("general.architecture", "frob"))
            .getMessage()
            .contains("frob"));
    assertEquals(
        "llama.feed_forward_length",
        refused(GgufBytes.tinyLlama().remove("llama.feed_forward_length")).place());
    assertEquals(
        "llama.attention.head_count",
        refused(GgufBytes.tinyLlama().put("llama.attention.head_count", 3)).place());
    assertEquals(
        "llama.expert_used_count",
        refused(GgufBytes.tinyLlama().put("llama.expert_count", 8)).place());
    assertEquals(
        "blk.1.attn_norm.weight",
        refused(GgufBytes.tinyLlama().put("llama.block_count", 2)).place());
    assertEquals(
        "tokenizer.ggml.eos_token_id",
        refused(GgufBytes.tinyLlama().put("tokenizer.ggml.eos_token_id", 6)).place());
  }

  /** -1 in a type without a sign, as converters write it. */
  @Test
  void tokensThatThereAreNotRefuseNothing() {
    for (Object none : new Object[] {-1, 6, 70_000, "none", 1.5f, false, List.of(1, 2)}) {
      GgufBytes g = GgufBytes.tinyLlama();
      for (String kind : List.of("padding", "separator", "seperator", "eot", "mask", "fim_pre")) {
        g.put("tokenizer.ggml." + kind + "_token_id", none);
      }
      try (Checkpoint c = open(g)) {
        assertFalse(c.config().containsKey("pad_token_id"));
      }
    }
    GgufBytes g = GgufBytes.tinyLlama();
    for (String kind : List.of("bos", "eos", "unknown")) {
      g.put("tokenizer.ggml." + kind + "_token_id", -1);
    }
    try (Checkpoint c = open(g)) {
      assertNull(c.config().get("bos_token_id"));
      assertNull(c.config().get("eos_token_id"));
    }
  }

  @Test
  void tokensThatThereAreNotLeaveNoTraceInACopy() throws IOException {
    Path made = TinyGguf.write(temp.resolve("m.gguf"), "padding", "unknown", "bos");
    try (Checkpoint c = Checkpoints.open(made)) {
      Path folder = Files.createDirectory(temp.resolve("copy"));
      c.writeSideFiles(folder);
      String all = Files.readString(folder.resolve("tokenizer_config.json"));
      assertFalse(all.contains("pad_token") || all.contains(" \"bos_token"), all);
      String generation = Files.readString(folder.resolve("generation_config.json"));
      assertFalse(generation.contains("4294967295"), generation);
    }
  }

  @Test
  void scalingThatIsNotUsedRefusesNothing() {
    GgufBytes g = GgufBytes.tinyLlama().put("llama.rope.scaling.type", "none");
    g.put("llama.rope.scaling.factor", 0f).put("llama.attention.sliding_window", 0);
    try (Checkpoint c = open(g)) {
      assertNull(c.config().get("rope_scaling"));
      assertNull(c.config().get("sliding_window"));
    }
  }

  @Test
  void joinsThePartsOfASplitModel() throws IOException {
    GgufBytes first = GgufBytes.tinyLlama().put("split.count", 2).put("split.no", 0);
    GgufBytes second = GgufBytes.empty().put("split.count", 2).put("split.no", 1);
    second.tensor("output.weight", 6, 8);
    Path a = first.write(temp.resolve("m-00001-of-00002.gguf"));
    InputException e = assertThrows(InputException.class, () -> Checkpoints.open(a));
    assertTrue(e.getMessage().contains("m-00002-of-00002.gguf"), e.getMessage());
    Path b = second.write(temp.resolve("m-00002-of-00002.gguf"));
    for (Path path : List.of(a, b, temp)) {
      try (Checkpoint c = Checkpoints.open(path)) {
        assertEquals(12, c.names().size());
        assertEquals(false, c.config().get("tie_word_embeddings"));
      }
    }
  }

  @Test
  void partsAreThoseThatTheyAreNamed() throws IOException {
    GgufBytes first = GgufBytes.tinyLlama().put("split.count", 2).put("split.no", 0);
    Path a = first.put("split.tensors.count", 12).write(temp.resolve("m-00001-of-00002.gguf"));
    Path b = temp.resolve("m-00002-of-00002.gguf");
    for (int number : new int[] {1, 0}) {
      GgufBytes second = GgufBytes.empty().put("split.count", 2).put("split.no", number);
      second.tensor("output.weight", 6, 8).write(b);
      if (number == 1) {
        Checkpoints.open(a).close();
      } else {
        InputException e = assertThrows(InputException.class, () -> Checkpoints.open(a).close());
        assertEquals("split.no", e.place());
      }
    }
    GgufBytes.empty().put("split.count", 2).put("split.no", 1).tensor("x", 8).write(b);
    first.put("split.tensors.count", 13).write(a);
    InputException e = assertThrows(InputException.class, () -> Checkpoints.open(b).close());
    assertEquals("split.tensors.count", e.place());
  }

  /** Peers' GGUF exports have the weights of the model they were made from, nearly. */
  @TestFactory
  List<DynamicTest> exportsResembleTheirModel() throws IOException {
    Path root = Shared.path("fixtures/autoround");
    List<DynamicTest> tests = new ArrayList<>();
    try (Stream<Path> all = Files.walk(root.resolve("exports"), 2)) {
      for (Path gguf : all.filter(p -> p.toString().endsWith(".gguf")).sorted().toList()) {
        String run = gguf.getParent().getFileName().toString();
        Path model = root.resolve("models").resolve(run.substring(0, run.indexOf('-')));
        tests.add(DynamicTest.dynamicTest(run, () -> assertResembles(model, gguf)));
      }
    }
    return tests;
  }

  private static void assertResembles(Path model, Path gguf) {
    try (Checkpoint original = Checkpoints.open(model);
        Checkpoint quantized = Checkpoints.open(gguf)) {
      assertEquals(
          original.names(),
          quantized.names().stream().collect(java.util.stream.Collectors.toSet()));
      for (String key :
          List.of(
              "architectures",
              "model_type",
              "hidden_size",
              "intermediate_size",
              "rms_norm_eps",
              "num_hidden_layers",
              "num_attention_heads",
              "num_key_value_heads",
              "head_dim",
              "hidden_act",
              "max_position_embeddings",
              "vocab_size",
              "tie_word_embeddings",
              "bos_token_id",
              "eos_token_id",
              "pad_token_id",
              "attention_bias",
              "mlp_bias")) {
        assertEquals(original.config().get(key), quantized.config().get(key), key);
      }
      for (String name : original.names()) {
        StoredTensor a = original.tensor(name);
        StoredTensor b = quantized.tensor(name);
        assertEquals(a.shape(), b.shape(), name);
        double similarity = cosine(a.toTensor().data(), b.toTensor().data());
        assertTrue(similarity > 0.9, name + " " + b.storage() + ": " + similarity);
      }
    }
  }

  private static double cosine(float[] a, float[] b) {
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.length; i++) {
      ab += (double) a[i] * b[i];
      aa += (double) a[i] * a[i];
      bb += (double) b[i] * b[i];
    }
    return ab / Math.sqrt(aa * bb);
  }

  @TestFactory
  List<DynamicTest> opensRealModels() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    try (Stream<Path> all = Files.list(Shared.path("models"))) {
      for (Path path : all.filter(p -> p.toString().endsWith(".gguf")).toList()) {
        tests.add(
            DynamicTest.dynamicTest(path.getFileName().toString(), () -> assertOpensWhole(path)));
      }
    }
    Assumptions.assumeFalse(tests.isEmpty(), "no GGUF models in the shared folder");
    return tests;
  }

  private static void assertOpensWhole(Path path) {
    try (Checkpoint c = Checkpoints.open(path)) {
      long layers = (Long) c.config().get("num_hidden_layers");
      for (long i = 0; i < layers; i++) {
        String block = "model.layers." + i + ".";
        assertTrue(c.find(block + "self_attn.k_proj.weight").isPresent(), block);
        StoredTensor down = c.tensor(block + "mlp.down_proj.weight");
        assertEquals(DType.F32, down.dtype());
        assertEquals(c.config().get("hidden_size"), down.shape().dim(0));
        float[] row = new float[(int) down.shape().dim(1)];
        down.read(row.length, row, 0, row.length);
        for (float v : row) {
          assertTrue(Math.abs(v) < 100);
        }
      }
    }
  }
}

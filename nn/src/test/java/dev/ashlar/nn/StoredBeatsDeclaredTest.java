package dev.ashlar.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.io.InputException;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Where a configuration and the tensors tell two stories, the tensors' is the model's. */
class StoredBeatsDeclaredTest {
  private static final String TABLE = "model.embed_tokens.weight";
  private static final String HEAD = "lm_head.weight";
  private static final String TIED = "tie_word_embeddings";
  private static final int[] IDS = {5, 17, 3, 100, 44, 91, 8, 8};

  private static float[] logits(Altered source) {
    Decoder d = Architectures.load(source);
    return d.forward(IDS, BlockContext.of(1, IDS.length), Tape.off()).copy().data();
  }

  private static Map<String, Object> corrections(Altered source) {
    return Architectures.corrections(Architectures.spec(source), source);
  }

  private static Altered llama() {
    return new Altered("llama");
  }

  private static Altered wrapper(String name) {
    return new Altered(Path.of(Fixtures.copied("multimodal").resolve(name).toString()));
  }

  private static Tensor random(long seed, long... dims) {
    Random random = new Random(seed);
    Tensor t = Tensor.zeros(dims);
    for (int i = 0; i < t.size(); i++) {
      t.data()[i] = (float) random.nextGaussian() / 8;
    }
    return t;
  }

  private static Map<String, Object> section(Altered source, String key, Object value) {
    Map<String, Object> section = new HashMap<>();
    ((Map<?, ?>) source.config().get("text_config")).forEach((k, v) -> section.put("" + k, v));
    section.put(key, value);
    return section;
  }

  @Test
  void aTiedModelWithAHeadOfItsOwnUsesTheHead() {
    float[] own = logits(llama());
    Altered source = llama().config(TIED, true);
    assertArrayEquals(own, logits(source));
    assertFalse(Architectures.load(source).tiedHead());
    assertEquals(Map.of(TIED, false), corrections(source));
    assertTrue(source.notes().getFirst().contains("lm_head is stored and differs"));
  }

  @Test
  void aTiedModelThatStoresItsTableTwiceIsTied() {
    Altered source = llama().config(TIED, true);
    source.with(HEAD, source.tensor(TABLE).toTensor());
    assertTrue(Architectures.load(source).tiedHead());
    assertEquals(List.of(), source.notes());
    assertEquals(Map.of(), corrections(source));
  }

  /** As quantizers write it, who round the head and not the embedding. */
  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F16", "BF16"})
  void aRoundedCopyOfTheTableIsTheTable(DType type) {
    Altered source = llama().config(TIED, true);
    Tensor table = source.tensor(TABLE).toTensor();
    Tensor head = Tensor.zeros(256, 64);
    for (int i = 0; i < head.size(); i++) {
      head.data()[i] = type.rounded(table.data()[i]);
    }
    source.with(HEAD, head, type);
    assertTrue(Architectures.load(source).tiedHead());
    head.data()[9] *= 1.25f;
    assertFalse(Architectures.load(source).tiedHead());
  }

  @Test
  void oneDifferentElementAtTheEndIsADifferentHead() {
    Altered source = llama().config(TIED, true);
    Tensor head = source.tensor(TABLE).toTensor().copy();
    head.data()[head.size() - 1] += 1;
    assertFalse(Architectures.load(source.with(HEAD, head)).tiedHead());
  }

  @Test
  void aTiedModelMayStoreOnlyTheHead() {
    Altered both = llama().config(TIED, true);
    both.with(HEAD, both.tensor(TABLE).toTensor());
    Altered only = llama().config(TIED, true).with(HEAD, both.tensor(TABLE).toTensor());
    only.without(TABLE);
    assertArrayEquals(logits(both), logits(only));
    assertTrue(Architectures.load(only).tiedHead());
    assertTrue(Architectures.spec(only).others(only).isEmpty());
  }

  @Test
  void anUntiedModelThatStoresOnlyTheHeadIsIncomplete() {
    Altered source = llama().without(TABLE);
    InputException e = assertThrows(InputException.class, () -> Architectures.load(source));
    assertEquals(TABLE, e.place());
  }

  @Test
  void aFamilyTiedByDefaultWithAHeadOfItsOwnUsesIt() {
    Altered tied = new Altered("gemma").without(TIED);
    float[] before = logits(tied);
    Altered own = new Altered("gemma").without(TIED).with(HEAD, random(1, 256, 64));
    assertFalse(Arrays.equals(before, logits(own)));
    assertArrayEquals(
        logits(own.config(TIED, false)), logits(own.without(TIED).with(HEAD, random(1, 256, 64))));
  }

  @ParameterizedTest
  @ValueSource(strings = {"llava", "qwen2_vl", "smolvlm", "internvl"})
  void aWrapperWhoseSectionTiesUsesTheHeadThatIsStored(String name) {
    float[] own = logits(wrapper(name));
    for (boolean whole : new boolean[] {false, true}) {
      Altered source = wrapper(name);
      if (source.find(Architectures.spec(source).head().output().name() + ".weight").isEmpty()) {
        return;
      }
      source.config("text_config", section(source, TIED, true)).config(TIED, whole);
      assertArrayEquals(own, logits(source), name);
    }
  }

  @Test
  void aWrapperMayStoreOnlyTheHead() {
    Altered source = wrapper("llava");
    String table = "language_model.model.embed_tokens.weight";
    Tensor head = source.tensor("language_model.lm_head.weight").toTensor();
    source.config("text_config", section(source, TIED, true)).config(TIED, true);
    float[] both = logits(source.with(table, head));
    assertArrayEquals(both, logits(source.without(table)));
  }

  @Test
  void biasesAreThoseThatAreStored() {
    Altered declared = llama().config("attention_bias", true);
    Altered undeclared = llama();
    for (int i = 0; i < 2; i++) {
      for (String p : List.of("q", "k", "v")) {
        String name = "model.layers." + i + ".self_attn." + p + "_proj.bias";
        Tensor bias = random(i, p.equals("q") ? 64 : 32);
        declared.with(name, bias);
        undeclared.with(name, bias);
      }
    }
    float[] with = logits(declared);
    assertTrue(declared.notes().getFirst().contains("self_attn.o_proj"), "" + declared.notes());
    assertArrayEquals(with, logits(undeclared));
    // A copy that says so is read alike by those who believe configurations.
    assertEquals(Map.of("attention_bias", true), corrections(undeclared));
    assertEquals(Map.of(), corrections(declared));
    assertFalse(Arrays.equals(logits(llama()), with));
    assertTrue(undeclared.notes().getFirst().contains("q_proj.bias is stored"));
  }

  @Test
  void sectionsOfWrappersAreCorrectedToo() {
    Altered source = wrapper("llava");
    source.config("text_config", section(source, "attention_bias", true));
    assertEquals(Map.of("attention_bias", false), corrections(source));
  }

  @Test
  void theBiasOfATiedHeadCounts() {
    Tensor bias = random(7, 256);
    float[] before = logits(new Altered("gemma"));
    float[] after = logits(new Altered("gemma").with("lm_head.bias", bias));
    for (int i = 0; i < before.length; i++) {
      assertEquals(before[i] + bias.data()[i % 256], after[i], 1e-5);
    }
  }

  @Test
  void oneBiasOfOneProjectionCounts() {
    String name = "model.layers.1.mlp.down_proj.bias";
    float[] with = logits(llama().with(name, random(3, 64)));
    assertFalse(Arrays.equals(logits(llama()), with));
    Altered zeros = llama().with(name, Tensor.zeros(64));
    assertArrayEquals(logits(llama()), logits(zeros));
    assertEquals(List.of(), zeros.notes());
  }

  @Test
  void biasesThatNoBlockHasAreNone() {
    assertArrayEquals(logits(llama()), logits(llama().config("attention_bias", true)));
    assertArrayEquals(logits(llama()), logits(llama().config("mlp_bias", true)));
    assertEquals(
        Map.of("attention_bias", false, "mlp_bias", false),
        corrections(llama().config("attention_bias", true).config("mlp_bias", true)));
  }

  @Test
  void aBiasThatOnlySomeBlocksLackIsMissing() {
    String name = "model.layers.1.self_attn.q_proj.bias";
    Altered source = new Altered("qwen2").without(name);
    InputException e = assertThrows(InputException.class, () -> Architectures.load(source));
    assertEquals(name, e.place());
  }

  @Test
  void theBiasOfALayerNormCounts() {
    Altered source = new Altered("mpt");
    float[] before = logits(source);
    source.with("transformer.blocks.0.norm_1.bias", random(4, 64));
    assertFalse(Arrays.equals(before, logits(source)));
  }

  @Test
  void thereAreAsManyTokensAsTheEmbeddingHasRows() {
    float[] all = logits(llama());
    for (Object said : new Object[] {250L, null}) {
      Altered source = llama().config("vocab_size", said);
      assertArrayEquals(all, logits(source));
      assertEquals(256, Architectures.spec(source).vocab());
    }
  }

  @Test
  void anEmbeddingThatLacksTokensIsNotBelieved() {
    Altered source = llama().config("vocab_size", 300L);
    InputException e = assertThrows(InputException.class, () -> logits(source));
    assertEquals("model.embed_tokens.weight", e.place());
  }

  @Test
  void thereAreAsManyPositionsAsAreStored() {
    Altered source = new Altered("gpt2_scale_by_layer").config("n_positions", 48L);
    assertEquals(64, Architectures.spec(source).maxPositions());
    assertArrayEquals(logits(new Altered("gpt2_scale_by_layer")), logits(source));
  }

  @Test
  void headsHaveTheSizeThatIsStored() {
    float[] right = logits(llama());
    assertArrayEquals(right, logits(llama().config("head_dim", 32L)));
    assertArrayEquals(right, logits(llama().without("num_key_value_heads")));
    assertArrayEquals(right, logits(llama().config("num_attention_heads", 8L)));
    assertArrayEquals(right, logits(llama().config("intermediate_size", 128L)));
    float[] wide = logits(new Altered("gemma"));
    Altered gemma = new Altered("gemma").without("head_dim");
    assertArrayEquals(wide, logits(gemma));
    assertEquals(24, corrections(gemma).get("head_dim"));
  }

  @Test
  void normsOfQueriesAndKeysAreUsedWhereTheyAreStored() {
    float[] normed = logits(new Altered("phi_gqa_qkln"));
    assertArrayEquals(normed, logits(new Altered("phi_gqa_qkln").config("qk_layernorm", false)));
  }

  @Test
  void whatAFamilyHasNoPlaceForIsSaid() {
    Altered source = llama().with("model.layers.0.self_attn.q_norm.weight", random(5, 16));
    Architectures.spec(source);
    assertTrue(source.notes().getFirst().contains("has no place for"), "" + source.notes());
    Altered constants = llama().with("model.layers.0.self_attn.rotary_emb.inv_freq", random(6, 8));
    Architectures.spec(constants);
    assertEquals(List.of(), constants.notes());
  }

  /** As a configuration says that was cut, or of a model that also predicts what comes later. */
  @Test
  void blocksBeyondThoseOfTheConfigurationAreSaid() {
    Altered source = llama().config("num_hidden_layers", 1L);
    assertEquals(1, Architectures.spec(source).blocks().size());
    String said = String.join("\n", source.notes());
    assertTrue(said.contains("knows of 1 block,") && said.contains("model.layers.1."), said);
    Altered whole = llama();
    Architectures.spec(whole);
    assertEquals(List.of(), whole.notes());
  }
}

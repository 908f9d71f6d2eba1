package dev.ashlar.text.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.io.InputException;
import dev.ashlar.io.json.Json;
import dev.ashlar.text.tokenizer.model.TokenIds;
import dev.ashlar.text.tokenizer.text.ByteAlphabet;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Faulty tokenizers end in a {@link InputException} that names the place, and nothing else. */
class MalformedTokenizersTest {
  private static final long SEED = 11;

  private static byte[] resource(String name) throws Exception {
    return Files.readAllBytes(
        Path.of(MalformedTokenizersTest.class.getResource("/tokenizers/" + name).toURI()));
  }

  /** Opens and uses what may be broken; anything but a fault of the file gets through. */
  private static void tryToUse(byte[] bytes, boolean json) {
    try {
      Tokenizer tokenizer =
          json
              ? Tokenizers.fromJson(Json.parse(bytes, "f"), "f")
              : SentencePieceTokenizer.read(bytes, "f");
      tokenizer.decode(tokenizer.encode("Some text, ünd 文字 <s> 12\n", true), true);
    } catch (InputException e) {
      assertTrue(e.getMessage().startsWith("f") && !e.getMessage().contains("\n"), e.getMessage());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "spm_bpe.model",
        "spm_unigram.model",
        "syn_phi3_added.json",
        "syn_unigram.json",
        "syn_wordpiece.json",
        "syn_falcon.json"
      })
  void oneWrongByteNeverEscapes(String name) throws Exception {
    byte[] good = resource(name);
    Random random = new Random(SEED);
    for (int n = 0; n < 150; n++) {
      byte[] bad = good.clone();
      // Half of the damage where the configuration is, before the vocabulary.
      int at = random.nextInt(n % 2 == 0 ? Math.min(3000, bad.length) : bad.length);
      switch (n % 3) {
        case 0 -> bad[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bad = Arrays.copyOf(bad, at);
        default -> {
          byte[] longer = Arrays.copyOf(bad, bad.length + 1);
          System.arraycopy(bad, at, longer, at + 1, bad.length - at);
          bad = longer;
        }
      }
      tryToUse(bad, name.endsWith(".json"));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'type':'BPE','vocab':{'a':0},'merges':['a'],'x':'merges[0]'}",
        "{'type':'BPE','vocab':{'a':0},'merges':[['a']],'x':'merges[0]'}",
        "{'type':'BPE','vocab':{'a':0},'merges':[],'dropout':0.5,'x':'dropout'}",
        "{'type':'BPE','vocab':{'a':0},'merges':[],'unk_token':'u','x':'unk_token'}",
        "{'type':'BPE','vocab':[],'merges':[],'x':'vocab'}",
        "{'type':'BPE','vocab':{'a':2000000000},'merges':[],'x':'vocab'}",
        "{'type':'WordPiece','vocab':{'a':0},'unk_token':'u','continuing_subword_prefix':'','x':'unk_token'}",
        "{'type':'Unigram','vocab':[['a',0]],'unk_id':1,'x':'unk_id'}",
        "{'type':'Unigram','vocab':[['a']],'unk_id':0,'x':'vocab[0]'}",
        "{'type':3,'x':'type'}"
      })
  void modelsSayWhere(String model) {
    Object parsed = Json.parse(model.replace('\'', '"').getBytes(StandardCharsets.UTF_8), "f");
    String place = "model." + ((Map<?, ?>) parsed).get("x");
    InputException e =
        assertThrows(InputException.class, () -> Tokenizers.fromJson(Map.of("model", parsed), "f"));
    assertTrue(e.getMessage().startsWith("f: " + place + ":"), e.getMessage());
  }

  /** What a legal tokenizer cannot do with a text is a fault of the two, and says which. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'model':{'type':'Unigram','unk_id':null,'vocab':[['a',-1],['b',-2]]},'x':'U+0063'}",
        "{'model':{'type':'WordLevel','vocab':{'a':0},'unk_token':'none'},'x':'\"abcabc'}",
        "{'model':{'type':'WordLevel','vocab':{'a':0},'unk_token':'a'},'x':'stack',"
            + "'pre_tokenizer':{'type':'Split','pattern':{'Regex':'(?:ab|c)*'},'behavior':'Isolated'}}",
        "{'model':{'type':'WordLevel','vocab':{'a':0},'unk_token':'a'},'x':'takes too long',"
            + "'pre_tokenizer':{'type':'Split','pattern':{'Regex':'(\\\\w+)+!'},'behavior':'Isolated'}}",
        "{'model':{'type':'WordLevel','vocab':{'a':0},'unk_token':'a'},'x':'stack',"
            + "'normalizer':{'type':'Replace','pattern':{'Regex':'(?:ab|c)*!'},'content':'x'}}"
      })
  void textsThatATokenizerCannotTakeAreFaultsOfInput(String document) {
    Object parsed =
        Json.parse(
            document
                .replace('\'', '"')
                .replace("\"abcabc", "abcabc")
                .getBytes(StandardCharsets.UTF_8),
            "f");
    Tokenizer tokenizer = Tokenizers.fromJson(parsed, "f");
    InputException e =
        assertThrows(InputException.class, () -> tokenizer.encode("abc".repeat(40_000)));
    String reason = (String) ((Map<?, ?>) parsed).get("x");
    assertTrue(e.getMessage().startsWith("f: "), e.getMessage());
    assertTrue(e.getMessage().contains(reason), e.getMessage());
  }

  /** An expression that matches nothing matches beside a character, never within one. */
  @Test
  void emptyMatchesLeaveCharactersWhole() {
    Tokenizer tokenizer =
        Tokenizers.fromJson(pieces(Map.of("Regex", "\\p{N}{0,3}| ?[^\\s\\p{L}\\p{N}]+")), "f");
    String text = "a1 \ud83d\ude00\ud83d\ude00 b";
    assertEquals(text, tokenizer.decode(tokenizer.encode(text)));
    Map<String, Object> model = pieces(Map.of("String", " "));
    model.put(
        "normalizer", Map.of("type", "Replace", "pattern", Map.of("Regex", "x*"), "content", "-"));
    Tokenizer dashes = Tokenizers.fromJson(model, "f");
    assertEquals("-\ud83d\ude00-a-", dashes.decode(dashes.encode("\ud83d\ude00a")));
  }

  @Test
  void halvesOfCharactersAreNoPatterns() {
    InputException e =
        assertThrows(
            InputException.class,
            () -> Tokenizers.fromJson(pieces(Map.of("String", "\ud83d")), "f"));
    assertTrue(e.getMessage().contains("lone surrogate"), e.getMessage());
  }

  /** Bytes that are cut by a pattern, then by GPT-2's. */
  private static Map<String, Object> pieces(Map<String, Object> pattern) {
    Map<String, Object> vocabulary = new HashMap<>();
    for (int b = 0; b < 256; b++) {
      vocabulary.put(String.valueOf(ByteAlphabet.charOf(b)), (long) b);
    }
    Map<String, Object> document = new HashMap<>();
    document.put("model", Map.of("type", "BPE", "vocab", vocabulary, "merges", List.of()));
    document.put(
        "pre_tokenizer",
        Map.of(
            "type",
            "Sequence",
            "pretokenizers",
            List.of(
                Map.of(
                    "type", "Split", "pattern", pattern, "behavior", "Isolated", "invert", false),
                Map.of(
                    "type",
                    "ByteLevel",
                    "add_prefix_space",
                    false,
                    "trim_offsets",
                    true,
                    "use_regex",
                    true))));
    document.put(
        "decoder",
        Map.of(
            "type",
            "ByteLevel",
            "add_prefix_space",
            true,
            "trim_offsets",
            true,
            "use_regex",
            true));
    return document;
  }

  @Test
  void vocabulariesBeyondAllBoundsAreRefusedByName() {
    Map<String, Object> vocab = new HashMap<>();
    for (long id = 0; id <= TokenIds.MOST; id++) {
      vocab.put("t" + id, id);
    }
    Map<String, Object> model = Map.of("type", "BPE", "vocab", vocab, "merges", List.of());
    InputException e =
        assertThrows(InputException.class, () -> Tokenizers.fromJson(Map.of("model", model), "f"));
    assertTrue(e.getMessage().contains("at most 1048576 tokens"), e.getMessage());
  }

  @Test
  void ggufFaultsAreNamed() {
    Map<String, Object> good =
        Map.of(
            "tokenizer.ggml.model",
            "llama",
            "tokenizer.ggml.tokens",
            List.of("<unk>", "<s>", "</s>", "a"),
            "tokenizer.ggml.scores",
            new float[] {0, 0, 0, -1},
            "tokenizer.ggml.token_type",
            new int[] {2, 3, 3, 1});
    assertTrue(Tokenizers.fromGguf(good).encode("a", true).length > 1);
    refused(good, "tokenizer.ggml.model", "rwkv");
    refused(good, "tokenizer.ggml.tokens", List.of());
    refused(good, "tokenizer.ggml.tokens", List.of(1L));
    refused(good, "tokenizer.ggml.scores", List.of(1f));
    refused(good, "tokenizer.ggml.token_type", List.of(1L));
    refused(good, "tokenizer.ggml.bos_token_id", 4L);
    refused(good, "tokenizer.ggml.eos_token_id", -2);
    refused(good, "tokenizer.ggml.eos_token_id", "</s>");
    refused(good, "tokenizer.ggml.add_bos_token", "yes");
    Map<String, Object> bytes = new HashMap<>(good);
    bytes.put("tokenizer.ggml.model", "gpt2");
    bytes.put("tokenizer.ggml.merges", List.of());
    refused(bytes, "tokenizer.ggml.pre", "nonesuch");
    refused(bytes, "tokenizer.ggml.merges", List.of("a b"));
  }

  private static void refused(Map<String, Object> good, String key, Object value) {
    Map<String, Object> bad = new HashMap<>(good);
    bad.put(key, value);
    InputException e = assertThrows(InputException.class, () -> Tokenizers.fromGguf(bad, "f"), key);
    assertTrue(e.getMessage().startsWith("f: tokenizer.ggml."), e.getMessage());
  }
}

package dev.ashlar.text.tokenizer;

import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.ashlar.io.json.Json;
import dev.ashlar.text.tokenizer.sentencepiece.SentencePieceModel;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Small tokenizers of every kind against the peers: Hugging Face's tokenizers 0.23.3 and
 * sentencepiece 0.2.3.
 */
class GoldenTokenizersTest {
  private static Path folder() throws URISyntaxException {
    return Path.of(GoldenTokenizersTest.class.getResource("/tokenizers/pipelines.json.gz").toURI())
        .getParent();
  }

  @TestFactory
  List<DynamicTest> files() throws Exception {
    Path folder = folder();
    List<DynamicTest> tests = new ArrayList<>();
    for (Path cases : Cases.list(folder, Cases.SUFFIX)) {
      String name = cases.getFileName().toString().replace(Cases.SUFFIX, "");
      tests.add(DynamicTest.dynamicTest(name, () -> Cases.check(Cases.open(folder, name), cases)));
    }
    assertFalse(tests.isEmpty());
    return tests;
  }

  /** One small vocabulary under many normalizers, splits and decoders. */
  @TestFactory
  List<DynamicTest> pipelines() throws Exception {
    Path file = folder().resolve("pipelines.json.gz");
    Map<String, Object> document = Json.parseObject(Cases.read(file), file.toString());
    List<DynamicTest> tests = new ArrayList<>();
    for (Object element : (List<?>) document.get("pipelines")) {
      Map<?, ?> pipeline = (Map<?, ?>) element;
      tests.add(DynamicTest.dynamicTest((String) pipeline.get("name"), () -> check(pipeline)));
    }
    return tests;
  }

  private static void check(Map<?, ?> pipeline) throws Exception {
    Path base = folder().resolve((String) pipeline.get("base"));
    Map<String, Object> json = new LinkedHashMap<>(Json.readObject(base));
    Map<String, Object> model = new LinkedHashMap<>(Json.asObject(json.get("model"), "model"));
    model.putAll(Json.asObject(pipeline.get("model"), "model"));
    json.putAll(Json.asObject(pipeline.get("patch"), "patch"));
    json.put("model", model);
    if (json.get("normalizer") instanceof Map<?, ?> n
        && n.get("precompiled_charsmap") instanceof String map
        && map.startsWith("@")) {
      json.put("normalizer", Map.of("type", n.get("type"), "precompiled_charsmap", charsMap(map)));
    }
    Tokenizer tokenizer = Tokenizers.fromJson(json, "pipeline");
    for (Object c : (List<?>) pipeline.get("cases")) {
      Cases.check(tokenizer, (Map<?, ?>) c);
    }
  }

  /** The character map of a sentencepiece file, which is too large to be kept twice. */
  private static String charsMap(String reference) throws IOException, URISyntaxException {
    byte[] model = Files.readAllBytes(folder().resolve(reference.substring(1)));
    return Base64.getEncoder().encodeToString(SentencePieceModel.parse(model).charsMap());
  }

  /** What each decoder says id by id is what it says of all ids at once. */
  @TestFactory
  List<DynamicTest> streams() throws Exception {
    Path folder = folder();
    List<DynamicTest> tests = new ArrayList<>();
    for (Path cases : Cases.list(folder, Cases.SUFFIX)) {
      String name = cases.getFileName().toString().replace(Cases.SUFFIX, "");
      tests.add(DynamicTest.dynamicTest(name, () -> stream(Cases.open(folder, name), cases)));
    }
    return tests;
  }

  private static void stream(Tokenizer tokenizer, Path cases) throws IOException {
    StreamDecoder stream = tokenizer.stream();
    for (Object c : (List<?>) Json.parseObject(Cases.read(cases), "cases").get("cases")) {
      int[] ids = tokenizer.encode((String) ((Map<?, ?>) c).get("text"));
      String whole = tokenizer.decode(ids);
      StringBuilder out = new StringBuilder();
      for (int id : ids) {
        String more = stream.push(id);
        assertFalse(
            !more.isEmpty() && Character.isHighSurrogate(more.charAt(more.length() - 1)),
            "half a character");
        out.append(more);
      }
      org.junit.jupiter.api.Assertions.assertEquals(whole, out.append(stream.flush()).toString());
    }
  }
}

package dev.ashlar.cli.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.ashlar.formats.gguf.GgufFile;
import dev.ashlar.io.json.Json;
import dev.ashlar.tensor.weights.StoredTensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where a GGUF file's types decide and nobody says more, weights are rounded for them, once. */
class GgufTypesTest {
  private static final Set<String> FLOATS = Set.of("F32", "F16", "BF16");

  /** Families of all ways that tensors go into files. */
  private static final List<String> FAMILIES =
      List.of("llama", "phi3_partial", "falcon_new_decoder", "phimoe", "mixtral", "granitemoe");

  @TempDir Path scratch;

  /** A tensor's type and bytes. */
  private record Stored(String type, byte[] bytes) {
    static Stored of(StoredTensor t) {
      byte[] bytes = new byte[Math.toIntExact(t.byteSize())];
      t.readBytes(0, bytes, 0, bytes.length);
      return new Stored(t.storage(), bytes);
    }
  }

  private static Map<String, Stored> stored(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      Path path = files.filter(f -> f.toString().endsWith(".gguf")).findFirst().orElseThrow();
      Map<String, Stored> all = new LinkedHashMap<>();
      try (GgufFile file = GgufFile.open(path)) {
        file.names().forEach(name -> all.put(name, Stored.of(file.find(name).orElseThrow())));
      }
      return all;
    }
  }

  private Map<String, Stored> converted(Path model, String type) throws IOException {
    Path out = scratch.resolve("converted-" + model.getFileName() + type);
    CommandRun.succeed(
        "convert", "--model", model, "--format", "gguf:" + type, "--output-dir", out);
    return stored(out);
  }

  private static CommandRun quantize(Path model, Path out, Object... more) {
    Stream<Object> words =
        Stream.of("quantize", "--model", model, "--output-dir", out, "--no-eval", "--json");
    return CommandRun.of(Stream.concat(words, Stream.of(more)).toArray());
  }

  private static Map<String, Object> report(CommandRun run) {
    assertEquals(0, run.status(), run.err());
    return Json.parseObject(run.out().getBytes(StandardCharsets.UTF_8), "report");
  }

  /** Returns how many tensors of codes there were. */
  private static int same(Map<String, Stored> expected, Map<String, Stored> found) {
    assertEquals(expected.keySet(), found.keySet());
    int codes = 0;
    for (Map.Entry<String, Stored> e : found.entrySet()) {
      if (!FLOATS.contains(e.getValue().type)) {
        codes++;
        Stored wanted = expected.get(e.getKey());
        assertEquals(wanted.type, e.getValue().type, e.getKey());
        assertArrayEquals(wanted.bytes, e.getValue().bytes, e.getKey());
      }
    }
    return codes;
  }

  @TestFactory
  Stream<DynamicNode> roundingIsTheFilesOwn() {
    return FAMILIES.stream()
        .flatMap(
            name ->
                Stream.of("q4_0", "q2_k")
                    .map(type -> dynamicTest(name + " " + type, () -> roundingIsOnce(name, type))));
  }

  private void roundingIsOnce(String name, String type) throws IOException {
    Path model = FixtureFolders.copied(name);
    Path out = scratch.resolve(name + type);
    Map<String, Object> report =
        report(quantize(model, out, "--method", "rtn", "--format", "gguf:" + type));
    assertTrue(same(converted(model, type), stored(out)) > 2);
    String text = report.toString();
    assertFalse(text.contains("roundedMatrices"), text);
  }

  @Test
  void soItIsWithoutAModel() throws IOException {
    Path model = FixtureFolders.copied("mixtral");
    Path out = scratch.resolve("free");
    report(quantize(model, out, "--method", "rtn", "--model-free", "--scheme", "GGUF:q5_1"));
    assertTrue(same(converted(model, "q5_1"), stored(out)) > 2);
  }

  private Path words(String fixture) throws IOException {
    Path model = Files.createDirectories(scratch.resolve(fixture + "-words"));
    Path source = FixtureFolders.copied(fixture);
    Files.copy(source.resolve("model.safetensors"), model.resolve("model.safetensors"));
    String config = Files.readString(source.resolve("config.json"));
    // What GGUF cannot say is another test's.
    Files.writeString(
        model.resolve("config.json"),
        config.replace("inverse_layer_idx\": true", "inverse_layer_idx\": false"));
    FixtureFolders.writeWords(model);
    return model;
  }

  private Path text() throws IOException {
    Path text = scratch.resolve("words.txt");
    Files.writeString(
        text, IntStream.range(0, 256).mapToObj(i -> "w" + i).collect(Collectors.joining(" ")));
    return text;
  }

  /** Matrices that float files hold turned are weighed by their inputs too. */
  @Test
  void dataCountInMatricesThatLieTurned() throws IOException {
    Path model = words("gpt2_scale_by_layer");
    Map<String, Stored> plain = converted(model, "q4_0");
    Path out = scratch.resolve("weighed");
    Object[] data = {"--dataset", text(), "--nsamples", 8, "--seqlen", 16};
    Object[] how = {"--method", "opt-rtn", "--format", "gguf:q4_0"};
    report(quantize(model, out, Stream.of(how, data).flatMap(Arrays::stream).toArray()));
    Map<String, Stored> weighed = stored(out);
    for (String name : new String[] {"blk.0.attn_qkv.weight", "blk.0.ffn_up.weight"}) {
      assertEquals("Q4_0", weighed.get(name).type);
      assertFalse(Arrays.equals(plain.get(name).bytes, weighed.get(name).bytes), name);
    }
    assertArrayEquals(plain.get("token_embd.weight").bytes, weighed.get("token_embd.weight").bytes);
  }

  /** Methods that choose codes do so on the grids that the types come nearest to. */
  @Test
  void codesAreChosenForTheTypes() throws IOException {
    Path model = FixtureFolders.shared("autoround/models/llama_k256");
    Assumptions.assumeTrue(Files.exists(model), "no " + model);
    Path out = scratch.resolve("chosen");
    Map<String, Object> report =
        report(
            quantize(
                model,
                out,
                "--method",
                "gptq",
                "--format",
                "gguf:q4_k_m",
                "--nsamples",
                4,
                "--seqlen",
                32));
    Map<String, Object> schemes = Json.asObject(report.get("layerSchemes"), "report");
    String block = "model.layers.0.";
    assertEquals("w4g32 asym", schemes.get(block + "self_attn.q_proj"));
    assertEquals("w6g16 sym", schemes.get(block + "self_attn.v_proj"));
    assertEquals("w6g16 sym", schemes.get(block + "mlp.down_proj"));
    assertEquals(7, schemes.size());
    assertEquals("5 × w4g32 asym, 2 × w6g16 sym", report.get("scheme"));
    assertEquals("Q6_K", stored(out).get("blk.0.attn_v.weight").type);
    assertEquals("Q4_K", stored(out).get("blk.0.attn_q.weight").type);
  }

  /** SignRound tunes what the file holds, which carries its codes. */
  @Test
  void tunedCodesAreTheFiles() throws IOException {
    Path model = FixtureFolders.shared("autoround/models/llama_k256");
    Assumptions.assumeTrue(Files.exists(model), "no " + model);
    for (String extension : new String[] {"--enable-alg-ext", "--enable-minmax-tuning"}) {
      Path out = scratch.resolve("tuned" + extension);
      Object[] how = {"--iters", 4, "--format", "gguf:q2_k", extension};
      Object[] data = {"--nsamples", 8, "--seqlen", 32, "--batch-size", 4};
      Map<String, Object> report =
          report(quantize(model, out, Stream.of(how, data).flatMap(Stream::of).toArray()));
      Map<String, Object> schemes = Json.asObject(report.get("layerSchemes"), "report");
      assertEquals(
          "w2g16 asym, 4-bit scales in blocks of 256",
          schemes.get("model.layers.0.self_attn.q_proj"));
      assertEquals(
          "w3g16 sym, 6-bit scales in blocks of 256", schemes.get("model.layers.0.mlp.down_proj"));
      assertFalse(report.toString().contains("roundedMatrices"), report.toString());
      assertEquals("Q2_K", stored(out).get("blk.0.attn_q.weight").type);
      assertEquals("Q3_K", stored(out).get("blk.0.ffn_down.weight").type);
    }
  }

  /** Plain rounding beside the result is that of the file, whoever rounds better. */
  @ParameterizedTest
  @ValueSource(strings = {"rtn", "opt-rtn"})
  void whatIsLeftToTheFileIsMeasured(String method) throws IOException {
    Path out = scratch.resolve(method);
    CommandRun run =
        CommandRun.of(
            "quantize",
            "--model",
            words("llama"),
            "--method",
            method,
            "--format",
            "gguf:q4_0",
            "--dataset",
            text(),
            "--nsamples",
            8,
            "--seqlen",
            16,
            "--eval-dataset",
            text(),
            "--eval-seqlen",
            16,
            "--eval-limit",
            2,
            "--json",
            "--output-dir",
            out);
    Map<String, Object> divergence = Json.asObject(report(run).get("klDivergence"), "report");
    double nearest = ((Number) divergence.get("rtn")).doubleValue();
    double result = ((Number) divergence.get("tuned")).doubleValue();
    assertTrue(nearest > 0 && result > 0, divergence.toString());
    if (method.equals("rtn")) {
      assertEquals(result, nearest);
    }
    assertEquals("Q4_0", stored(out).get("blk.0.attn_q.weight").type);
  }

  /** No codes are chosen for uneven steps, which the file would round once more. */
  @Test
  void unevenStepsAreTheFilesOwn() throws IOException {
    Path model = words("llama");
    Path out = scratch.resolve("uneven");
    Object[] how = {"--method", "signround", "--iters", 2, "--format", "gguf:iq4_nl"};
    Object[] data = {"--dataset", text(), "--nsamples", 8, "--seqlen", 16, "--batch-size", 2};
    CommandRun run = quantize(model, out, Stream.of(how, data).flatMap(Stream::of).toArray());
    assertEquals(0, run.status(), run.err());
    assertTrue(run.err().contains("layers: the file has them as IQ4_NL"), run.err());
    assertEquals("IQ4_NL", stored(out).get("blk.0.attn_q.weight").type);
  }

  /** Codes on such a grid are carried where a type holds them. */
  @Test
  void codesThatFitAreCarried() throws IOException {
    Path out = scratch.resolve("carried");
    Object[] how = {"--method", "signround", "--iters", 2, "--format", "gguf:q5_0"};
    Object[] data = {"--dataset", text(), "--nsamples", 8, "--seqlen", 16, "--batch-size", 2};
    Map<String, Object> report =
        report(quantize(words("llama"), out, Stream.of(how, data).flatMap(Stream::of).toArray()));
    assertEquals("w5g32 sym", report.get("scheme"));
    assertFalse(report.toString().contains("roundedMatrices"), report.toString());
  }

  /** What a user says of bits is done, and its loss said. */
  @Test
  void whatIsSaidIsDone() throws IOException {
    Path model = FixtureFolders.copied("llama");
    Object[] said = {"--method", "rtn", "--bits", 4, "--group-size", 32, "--format", "gguf:q2_k"};
    Path out = scratch.resolve("said");
    Map<String, Object> report = report(quantize(model, out, said));
    assertEquals("w4g32 sym", report.get("scheme"));
    assertTrue(report.toString().contains("roundedMatrices"), report.toString());
    Stored once = converted(model, "q2_k").get("blk.0.attn_q.weight");
    Stored twice = stored(out).get("blk.0.attn_q.weight");
    assertNotEquals(Arrays.hashCode(once.bytes), Arrays.hashCode(twice.bytes));
  }

  @Test
  void aSchemeNamesTheFile() throws IOException {
    Path model = FixtureFolders.copied("llama");
    Path out = scratch.resolve("named");
    Map<String, Object> report =
        report(quantize(model, out, "--method", "rtn", "--scheme", "gguf:Q4_1"));
    assertEquals("Q4_1", report.get("scheme"));
    assertTrue(same(converted(model, "q4_1"), stored(out)) > 2);
    CommandRun other =
        quantize(model, scratch.resolve("x"), "--scheme", "GGUF:Q4_1", "--format", "auto_round");
    assertEquals(2, other.status(), other.out());
    assertTrue(
        other
            .err()
            .contains(
                "scheme GGUF:Q4_1 is the types of format gguf:q4_1, and the format is to be"
                    + " auto_round"),
        other.err());
    CommandRun more = quantize(model, scratch.resolve("y"), "--scheme", "GGUF:Q4_1", "--bits", 3);
    assertEquals(2, more.status(), more.out());
    assertTrue(more.err().contains("beside which --bits"), more.err());
  }

  /** Layers that rules speak of, or that are ignored, are none of the file's choice. */
  @Test
  void rulesAreHeeded() {
    Path model = FixtureFolders.copied("llama");
    Map<String, Object> report =
        report(
            quantize(
                model,
                scratch.resolve("ruled"),
                "--method",
                "rtn",
                "--format",
                "gguf:q4_0",
                "--ignore-layers",
                "down_proj",
                "--layer-config",
                "{\".*q_proj\": {\"bits\": 8, \"group_size\": 32}}"));
    Map<String, Object> schemes = Json.asObject(report.get("layerSchemes"), "report");
    assertEquals("w8g32 sym", schemes.get("model.layers.0.self_attn.q_proj"));
    assertEquals("Q4_0", schemes.get("model.layers.0.self_attn.k_proj"));
    assertFalse(schemes.containsKey("model.layers.0.mlp.down_proj"));
  }
}

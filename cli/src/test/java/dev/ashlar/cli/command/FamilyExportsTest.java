package dev.ashlar.cli.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.safetensors.SafetensorsWriter;
import dev.ashlar.io.json.Json;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.layer.DenseWeight;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every family goes the whole way through the command line: quantized on token ids, exported in
 * both packed formats, opened again; the codes stand for the weights they came from, the logits are
 * those of these codes in the float model, and nothing else has changed.
 */
class FamilyExportsTest {
  /** Rounding to half precision and other orders of summation, relative to the logits' size. */
  private static final Map<String, Double> LOGITS = Map.of("auto_round", 1e-4, "auto_gptq", 5e-3);

  /** Relative error of the weights: well above what 4 bits cost, well below another matrix's. */
  private static final Map<String, Double> WEIGHTS = Map.of("rtn", 0.25, "signround", 0.6);

  @TempDir Path scratch;

  @TestFactory
  Stream<DynamicNode> everyFamilyIsQuantizedExportedAndRead() throws IOException {
    Path tokens = Files.writeString(scratch.resolve("tokens.jsonl"), tokens());
    return FixtureFolders.all().stream()
        .map(
            folder ->
                dynamicContainer(
                    FixtureFolders.name(folder),
                    WEIGHTS.keySet().stream()
                        .sorted()
                        .map(m -> dynamicTest(m, () -> quantize(folder, m, tokens)))));
  }

  /**
   * Checkpoints of bare models leave out the prefix of all names; what is written from them is what
   * is written from whole ones.
   */
  @TestFactory
  Stream<DynamicNode> bareCheckpointsGiveTheSameExport() {
    return FixtureFolders.copied().stream()
        .map(folder -> dynamicTest(FixtureFolders.name(folder), () -> bare(folder)));
  }

  private void bare(Path model) throws IOException {
    Path bare = Files.createDirectories(scratch.resolve("bare-" + FixtureFolders.name(model)));
    try (Checkpoint source = Checkpoints.open(model);
        SafetensorsWriter writer = SafetensorsWriter.inFolder(bare)) {
      String prefix = Architectures.load(source).spec().prefix();
      Files.copy(model.resolve("config.json"), bare.resolve("config.json"));
      for (String name : source.names()) {
        StoredTensor t = source.tensor(name);
        String stripped = name.startsWith(prefix) ? name.substring(prefix.length()) : name;
        writer.floats(stripped, t.dtype(), t.toTensor());
      }
      writer.finish();
    }
    Path a = scratch.resolve("whole-" + FixtureFolders.name(model));
    Path b = scratch.resolve("out-" + FixtureFolders.name(model));
    for (Path from : List.of(model, bare)) {
      CommandRun.succeed(
          "quantize", "--model", from, "--method", "rtn", "--output-dir", from == bare ? b : a);
    }
    for (String file : List.of("model.safetensors", "config.json")) {
      assertArrayEquals(Files.readAllBytes(a.resolve(file)), Files.readAllBytes(b.resolve(file)));
    }
  }

  /** Float weights on the grid lie as the originals do; the command compares their logits. */
  @TestFactory
  Stream<DynamicNode> everyFamilyIsWrittenAsFloatsToo() {
    return FixtureFolders.copied().stream()
        .map(folder -> dynamicTest(FixtureFolders.name(folder), () -> fake(folder)));
  }

  private void fake(Path model) {
    Path out = scratch.resolve("fake-" + FixtureFolders.name(model));
    CommandRun.succeed(
        "quantize", "--model", model, "--method", "rtn", "--format", "fake", "--output-dir", out);
  }

  /** What no model knows is written through, in both formats, and said. */
  @TestFactory
  Stream<DynamicNode> unknownTensorsAreKept() {
    return FixtureFolders.copied().stream()
        .limit(3)
        .map(folder -> dynamicTest(FixtureFolders.name(folder), () -> unknown(folder)));
  }

  private void unknown(Path model) throws IOException {
    Path more = Files.createDirectories(scratch.resolve("more-" + FixtureFolders.name(model)));
    try (Checkpoint source = Checkpoints.open(model);
        SafetensorsWriter writer = SafetensorsWriter.inFolder(more)) {
      Files.copy(model.resolve("config.json"), more.resolve("config.json"));
      source.names().forEach(name -> writer.copy(source.tensor(name)));
      writer.floats("tower.0.weight", DType.BF16, Tensor.zeros(64, 32));
      writer.ints("steps", Shape.of(3), new int[] {1, 2, 3});
      writer.finish();
    }
    Path out = scratch.resolve("kept-" + FixtureFolders.name(model));
    CommandRun run =
        CommandRun.succeed(
            "quantize",
            "--model",
            more,
            "--method",
            "rtn",
            "--output-dir",
            out,
            "--format",
            "auto_round,auto_gptq");
    assertTrue(run.out().contains("1 tensor of steps"), run.out());
    assertTrue(run.out().contains("1 tensor of tower kept as they are"), run.out());
    try (Checkpoint source = Checkpoints.open(more);
        Checkpoint gptq = Checkpoints.open(out.resolve("auto_gptq"));
        Checkpoint autoRound = Checkpoints.open(out.resolve("auto_round"))) {
      for (String name : List.of("tower.0.weight", "steps")) {
        for (Checkpoint export : List.of(gptq, autoRound)) {
          assertEquals(source.tensor(name).storage(), export.tensor(name).storage());
          assertArrayEquals(bytes(source.tensor(name)), bytes(export.tensor(name)));
        }
      }
    }
  }

  /** Eight documents of sixteen tokens: fixtures have no tokenizer, and need none. */
  private static String tokens() {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 8; i++) {
      List<Integer> ids = new ArrayList<>();
      for (int t = 0; t < 16; t++) {
        ids.add(3 + (37 * i + 11 * t + t * t) % 100);
      }
      lines.append("{\"input_ids\": ").append(ids).append("}\n");
    }
    return lines.toString();
  }

  private void quantize(Path model, String method, Path tokens) {
    Path output = scratch.resolve(FixtureFolders.name(model) + "-" + method);
    List<Object> args = new ArrayList<>(List.of("quantize", "--model", model, "--json"));
    args.addAll(List.of("--method", method, "--group-size", 32, "--output-dir", output));
    args.addAll(List.of("--format", "auto_round,auto_gptq"));
    if (method.equals("signround")) {
      args.addAll(List.of("--iters", 2, "--dataset", tokens, "--seqlen", 16));
      args.addAll(List.of("--nsamples", 8, "--batch-size", 4));
    }
    Map<String, Object> report = CommandRun.succeed(args.toArray()).json();
    Map<String, Object> outputs = Json.asObject(report.get("outputs"), "outputs");
    assertEquals(LOGITS.keySet(), outputs.keySet());
    try (Checkpoint source = Checkpoints.open(model)) {
      Decoder decoder = Architectures.load(source);
      outputs.forEach(
          (format, folder) -> {
            try (Checkpoint export = Checkpoints.open(Path.of((String) folder))) {
              assertEquals(
                  (Long) report.get("quantizedLayers"), (long) export.quantizedNames().size());
              weights(decoder, export, WEIGHTS.get(method));
              logits(decoder, export, LOGITS.get(format));
              others(source, export, names(decoder), format, (Map<?, ?>) report.get("keptTensors"));
            }
          });
    }
  }

  private static void weights(Decoder decoder, Checkpoint export, double tolerance) {
    Set<String> found = new HashSet<>();
    UnaryOperator<String> names = names(decoder);
    decoder.mapWeights(
        (name, weight) -> {
          export
              .quantized(names.apply(name))
              .ifPresent(
                  q -> {
                    found.add(names.apply(name));
                    Tensor expected = ((DenseWeight) weight).matrix();
                    double error = relativeError(expected.data(), q.dequantize().data());
                    assertTrue(error < tolerance, name + ": codes off by " + error);
                  });
          return weight;
        });
    assertFalse(found.isEmpty(), "nothing was quantized");
    assertEquals(export.quantizedNames(), found, "packed layers are layers of the model");
  }

  /** What the loaders of exports call the tensors of this family. */
  private static UnaryOperator<String> names(Decoder decoder) {
    return Architectures.find(decoder.spec().modelType()).orElseThrow()::loaded;
  }

  private static void logits(Decoder decoder, Checkpoint export, double tolerance) {
    Decoder expected =
        decoder.mapWeights(
            (name, weight) ->
                export
                    .quantized(names(decoder).apply(name))
                    .map(QuantizedMatrix::dequantize)
                    .map(t -> (dev.ashlar.nn.layer.Weight) new DenseWeight(t))
                    .orElse(weight));
    int[] ids = new int[24];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = 3 + (29 * i + i * i) % 100;
    }
    BlockContext context = BlockContext.of(2, 12);
    float[] wanted = expected.forward(ids, context, Tape.off()).data();
    float[] found = Architectures.load(export).forward(ids, context, Tape.off()).data();
    double error = relativeError(wanted, found);
    assertTrue(error < tolerance, "logits off by " + error);
  }

  private static double relativeError(float[] expected, float[] found) {
    double difference = 0;
    double size = 0;
    for (int i = 0; i < expected.length; i++) {
      double d = (double) found[i] - expected[i];
      difference += d * d;
      size += (double) expected[i] * expected[i];
    }
    return Math.sqrt(difference / size);
  }

  /** Whatever is not packed is there under its name, in auto_round byte for byte. */
  private static void others(
      Checkpoint source,
      Checkpoint export,
      UnaryOperator<String> names,
      String format,
      Map<?, ?> kept) {
    assertEquals(source.config().get("model_type"), export.config().get("model_type"));
    Set<String> parts = new HashSet<>(export.names());
    for (String from : source.names()) {
      String name = names.apply(from);
      if (!parts.remove(name)) {
        boolean packed =
            name.endsWith(".weight")
                && export.quantizedNames().contains(name.substring(0, name.length() - 7));
        assertTrue(packed || isStack(name, export), name + " is neither packed nor written");
        continue;
      }
      StoredTensor a = source.tensor(from);
      StoredTensor b = export.tensor(name);
      assertEquals(a.shape(), b.shape(), name);
      assertFalse(export.quantizedNames().contains(name.replaceAll("\\.weight$", "")), name);
      boolean other = kept.keySet().stream().anyMatch(part -> name.startsWith(part + "."));
      if (format.equals("auto_round") || other) {
        assertArrayEquals(bytes(a), bytes(b), name);
      }
    }
    parts.forEach(name -> assertTrue(name.contains(".experts."), name + " comes from nowhere"));
  }

  /** Whether the tensor held several experts that have tensors of their own now. */
  private static boolean isStack(String name, Checkpoint export) {
    String parent = name.replaceAll("(\\.experts)?\\.[a-z_]+(\\.weight)?$", ".experts.");
    return Stream.concat(export.quantizedNames().stream(), export.names().stream())
        .anyMatch(n -> n.startsWith(parent + "0."));
  }

  private static byte[] bytes(StoredTensor t) {
    byte[] bytes = new byte[(int) t.byteSize()];
    t.readBytes(0, bytes, 0, bytes.length);
    return bytes;
  }
}

package dev.ashlar.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.safetensors.SafetensorsFile;
import dev.ashlar.formats.safetensors.SafetensorsWriter;
import dev.ashlar.io.json.Json;
import dev.ashlar.nn.architecture.Architecture;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.generate.Generator;
import dev.ashlar.nn.generate.Sampler;
import dev.ashlar.nn.runner.Runner;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.op.CrossEntropy;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kv.KvPrecision;
import dev.ashlar.tensor.weights.StoredTensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.opentest4j.TestAbortedException;

/**
 * The contract of every family: on each fixture folder the values of its peer, block by block, with
 * and without padding and cache, and backwards. A folder whose family is not known is shown as
 * skipped.
 */
class FamiliesTest {
  private static final double ATOL = 5e-5;
  private static final double RTOL = 1e-4;

  /** Below this margin between the two largest logits the peer's choice is a tie. */
  private static final float TIE = 1e-3f;

  /** So few that sequences of a dozen tokens take several pages. */
  private static final int PAGE_TOKENS = 5;

  @TestFactory
  Stream<DynamicNode> copiedFixtures() {
    return Fixtures.folders(Fixtures.copied()).stream().map(f -> node(f, Backends.all()));
  }

  @TestFactory
  Stream<DynamicNode> sharedFixtures() {
    List<Path> folders = Fixtures.folders(Fixtures.shared("models"));
    if (folders.isEmpty()) {
      return Stream.of(
          dynamicTest(
              "shared fixtures", () -> Assumptions.abort("skipped: no shared fixture folder")));
    }
    return folders.stream().map(f -> node(f, List.of(Backends.chosen())));
  }

  /** Models that also see: their language part on text alone. */
  @TestFactory
  Stream<DynamicNode> languageParts() {
    Map<String, Path> folders = new LinkedHashMap<>();
    for (Path root : List.of(Fixtures.copied("multimodal"), Fixtures.shared("multimodal"))) {
      Fixtures.folders(root).forEach(f -> folders.put(f.getFileName().toString(), f));
    }
    return folders.entrySet().stream()
        .map(e -> dynamicTest(e.getKey(), () -> languagePart(e.getValue())));
  }

  /** A family is not finished before something of its peer holds it. */
  @Test
  void everyFamilyHasACopiedFixture() {
    Set<String> types = new HashSet<>();
    for (String root : List.of("models", "multimodal")) {
      Fixtures.folders(Fixtures.copied(root)).forEach(f -> types.add(modelType(f)));
    }
    List<String> missing =
        Architectures.ALL.stream()
            .map(Architecture::modelType)
            .filter(t -> !types.contains(t))
            .toList();
    assertEquals(List.of(), missing);
  }

  private static String modelType(Path folder) {
    return String.valueOf(Json.readObject(folder.resolve("config.json")).get("model_type"));
  }

  private static void languagePart(Path folder) {
    try (Checkpoint checkpoint = Checkpoints.open(folder);
        SafetensorsFile expected = SafetensorsFile.open(folder.resolve("expected.safetensors"))) {
      Decoder decoder = Architectures.loadTrained(checkpoint);
      int[] ids = Fixtures.ints(expected, "text_only.input_ids");
      Tensor logits = decoder.forward(ids, BlockContext.of(1, ids.length), Tape.off());
      Tensor wanted = expected.tensor("text_only.logits").toTensor();
      Fixtures.close("logits", wanted, logits, null, ATOL, RTOL);
      Set<String> names = new HashSet<>();
      decoder.forEachTensor((name, t) -> names.add(name));
      assertTrue(checkpoint.names().containsAll(names), "names are those of the checkpoint");
    }
  }

  private static DynamicNode node(Path folder, List<Backend> backends) {
    String name = folder.getFileName().toString();
    String type = modelType(folder);
    if (Architectures.find(type).isEmpty()) {
      return dynamicTest(
          name,
          () -> {
            throw new TestAbortedException("skipped: no family for model_type " + type);
          });
    }
    List<DynamicNode> tests = new ArrayList<>();
    for (Backend b : backends) {
      tests.add(dynamicTest("values on " + b.name(), () -> new Case(folder, b).values()));
      tests.add(dynamicTest("cached on " + b.name(), () -> new Case(folder, b).greedy()));
      if (Files.exists(folder.resolve("grads.safetensors"))) {
        tests.add(dynamicTest("gradients on " + b.name(), () -> new Case(folder, b).gradients()));
      }
    }
    tests.add(dynamicTest("generated", () -> new Case(folder, Backends.chosen()).generated()));
    if (Files.exists(folder.resolve("config.v4.json"))) {
      tests.add(dynamicTest("older configuration", () -> olderConfiguration(folder)));
    }
    return dynamicContainer(name, tests);
  }

  private static void olderConfiguration(Path folder) {
    try (Checkpoint checkpoint = Checkpoints.open(folder)) {
      Map<String, Object> old = Json.readObject(folder.resolve("config.v4.json"));
      var family = Architectures.find((String) old.get("model_type")).orElseThrow();
      assertEquals(family.spec(checkpoint.config(), checkpoint), family.spec(old, checkpoint));
    }
  }

  /** One folder on one backend. */
  private record Case(Path folder, Backend backend) {
    /** A prompt of the fixture. */
    private record Prompt(String name, int[] ids, int[] mask, int batch) {
      BlockContext context() {
        BlockContext c = BlockContext.of(batch, ids.length / batch);
        int[] padding = Fixtures.padding(mask, batch);
        return padding == null ? c : c.leftPadded(padding);
      }

      /** The sequences without their padding, each with an empty cache. */
      List<Runner.Part> parts(Runner runner) {
        int[] padding = Fixtures.padding(mask, batch);
        int length = ids.length / batch;
        List<Runner.Part> parts = new ArrayList<>();
        for (int b = 0; b < batch; b++) {
          int from = b * length + (padding == null ? 0 : padding[b]);
          int[] own = Arrays.copyOfRange(ids, from, (b + 1) * length);
          parts.add(Runner.Part.of(runner.newCache(), own));
        }
        return parts;
      }
    }

    private interface Body {
      void run(Decoder decoder, SafetensorsFile expected);
    }

    private void with(String file, Body body) {
      try (Checkpoint checkpoint = Checkpoints.open(folder);
          SafetensorsFile expected = SafetensorsFile.open(folder.resolve(file))) {
        body.run(Architectures.loadTrained(checkpoint, backend), expected);
      }
    }

    private static List<Prompt> prompts(SafetensorsFile expected) {
      List<Prompt> prompts = new ArrayList<>();
      for (int k = 0; expected.find("p" + k + ".input_ids").isPresent(); k++) {
        String p = "p" + k;
        int batch = (int) expected.tensor(p + ".input_ids").shape().dim(0);
        int[] ids = Fixtures.ints(expected, p + ".input_ids");
        prompts.add(new Prompt(p, ids, Fixtures.ints(expected, p + ".attention_mask"), batch));
      }
      assertTrue(!prompts.isEmpty(), "the fixture has no prompts");
      return prompts;
    }

    void values() {
      with(
          "expected.safetensors",
          (decoder, expected) -> {
            for (Prompt p : prompts(expected)) {
              Tape tape = Tape.off(backend);
              BlockContext c = p.context();
              Tensor x = decoder.embed(p.ids(), c, tape);
              compare(expected, p, "block_in", x);
              for (int i = 0; i < decoder.blockCount(); i++) {
                x = decoder.block(i).forward(x, c, tape);
                compare(expected, p, "block_out." + i, x);
              }
              compare(expected, p, "last_hidden", decoder.finalNorm(x, tape));
              compare(expected, p, "logits", decoder.head(x, tape));
              compare(expected, p, "logits", decoder.forward(p.ids(), c, Tape.off(backend)));
            }
          });
    }

    private static void compare(SafetensorsFile expected, Prompt p, String what, Tensor found) {
      String name = p.name() + "." + what;
      Fixtures.close(name, expected.tensor(name).toTensor(), found, p.mask(), ATOL, RTOL);
    }

    /** Feeds the peer's own tokens, so that one difference does not hide what comes after. */
    void greedy() {
      with(
          "expected.safetensors",
          (decoder, expected) -> {
            for (Prompt p : prompts(expected)) {
              int[] all = Fixtures.ints(expected, p.name() + ".greedy_ids");
              Tensor margin = expected.tensor(p.name() + ".greedy_margin").toTensor();
              int length = p.ids().length / p.batch();
              int total = all.length / p.batch();
              Runner runner = decoder.runner(KvPrecision.F32, PAGE_TOKENS);
              List<Runner.Part> parts = p.parts(runner);
              for (int t = length; t < total; t++) {
                Tensor logits = runner.head(runner.hidden(parts, () -> false));
                List<Runner.Part> next = new ArrayList<>();
                int row = -1;
                for (int b = 0; b < p.batch(); b++) {
                  row += parts.get(b).ids().length;
                  int id = all[b * total + t];
                  if (margin.data()[b * (total - length) + t - length] > TIE) {
                    assertEquals(
                        id, argmax(logits, row), p.name() + ": token " + t + " of row " + b);
                  }
                  next.add(Runner.Part.of(parts.get(b).cache(), id));
                }
                parts = next;
              }
            }
          });
    }

    private static int argmax(Tensor logits, int row) {
      int vocab = logits.dim(-1);
      return Sampler.greedy().sample(logits.data(), row * vocab, vocab);
    }

    void generated() {
      with(
          "expected.safetensors",
          (decoder, expected) -> {
            Prompt p = prompts(expected).getFirst();
            int[] all = Fixtures.ints(expected, p.name() + ".greedy_ids");
            Generator generator = new Generator(decoder.runner(KvPrecision.F32), Sampler.greedy());
            for (int again = 0; again < 2; again++) {
              List<Integer> tokens = new ArrayList<>();
              Generator.Result r =
                  generator.generate(p.ids(), all.length - p.ids().length, Set.of(), tokens::add);
              assertEquals(Generator.End.LIMIT, r.end());
              assertEquals(tokens, r.tokens());
              int[] tail = Arrays.copyOfRange(all, p.ids().length, all.length);
              assertEquals(Arrays.stream(tail).boxed().toList(), tokens, "time " + again);
            }
          });
    }

    void gradients() {
      with(
          "grads.safetensors",
          (decoder, expected) -> {
            int[] ids = Fixtures.ints(expected, "input_ids");
            int batch = (int) expected.tensor("input_ids").shape().dim(0);
            BlockContext c = BlockContext.of(batch, ids.length / batch);
            Tape tape = Tape.recording(backend);
            Map<String, Tensor> parameters = new LinkedHashMap<>();
            decoder.forEachTensor(parameters::put);
            parameters.values().forEach(tape::watch);
            Tensor logits = decoder.forward(ids, c, tape);
            Fixtures.close(
                "logits", expected.tensor("logits").toTensor(), logits, null, ATOL, RTOL);
            Tensor loss = tape.apply(new CrossEntropy(logits, targets(ids, batch)));
            assertEquals(expected.tensor("loss").toTensor().data()[0], loss.data()[0], 1e-5);
            Gradients g = tape.backward(loss, 1f);
            Map<String, Tensor> wanted = asParameters(expected);
            assertEquals(wanted.keySet(), parameters.keySet());
            wanted.forEach((name, want) -> compareGradient(name, want, g.of(parameters.get(name))));
          });
    }

    /**
     * The gradients, which have the checkpoint's names and shapes, as parameters of the decoder
     * have them: read like a checkpoint, less one of zeros, so that what is split, joined or turned
     * on the way in is so here. What is stored and not trained has none.
     */
    private Map<String, Tensor> asParameters(SafetensorsFile gradients) {
      Map<String, Tensor> all = loaded(name -> gradients.find("grad." + name));
      loaded(name -> Optional.empty()).forEach((name, zero) -> subtract(all.get(name), zero));
      return all;
    }

    private Map<String, Tensor> loaded(Function<String, Optional<StoredTensor>> values) {
      try (Checkpoint checkpoint = Checkpoints.open(folder);
          Folder scratch = new Folder(Files.createTempDirectory("gradients"))) {
        Path copy = scratch.path();
        Files.copy(folder.resolve("config.json"), copy.resolve("config.json"));
        try (SafetensorsWriter writer = SafetensorsWriter.inFolder(copy)) {
          for (String name : checkpoint.names()) {
            StoredTensor stored = checkpoint.tensor(name);
            Tensor zeros = Tensor.zeros(stored.shape());
            Tensor value = values.apply(name).map(StoredTensor::toTensor).orElse(zeros);
            writer.floats(name, DType.F32, value);
          }
          writer.finish();
        }
        Map<String, Tensor> parameters = new LinkedHashMap<>();
        try (Checkpoint stored = Checkpoints.open(copy)) {
          Architectures.loadTrained(stored, backend).forEachTensor(parameters::put);
        }
        return parameters;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private record Folder(Path path) implements AutoCloseable {
      @Override
      public void close() throws IOException {
        try (Stream<Path> files = Files.list(path)) {
          for (Path file : files.toList()) {
            Files.delete(file);
          }
        }
        Files.delete(path);
      }
    }

    private static void subtract(Tensor from, Tensor what) {
      for (int i = 0; i < what.size(); i++) {
        from.data()[i] -= what.data()[i];
      }
    }

    private static void compareGradient(String name, Tensor want, Tensor found) {
      double max = 0;
      for (int i = 0; i < want.size(); i++) {
        max = Math.max(max, Math.abs(want.data()[i]));
      }
      Tensor actual = found == null ? Tensor.zeros(want.shape()) : found;
      Fixtures.close("gradient of " + name, want, actual, null, Math.max(1e-6, 1e-5 * max), 1e-3);
    }

    private static int[] targets(int[] ids, int batch) {
      int length = ids.length / batch;
      int[] targets = new int[ids.length];
      for (int i = 0; i < ids.length; i++) {
        targets[i] = i % length == length - 1 ? -1 : ids[i + 1];
      }
      return targets;
    }
  }
}

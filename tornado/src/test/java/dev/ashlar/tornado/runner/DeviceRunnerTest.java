package dev.ashlar.tornado.runner;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.AttentionSpec;
import dev.ashlar.nn.decoder.BlockSpec;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.InferenceOptions;
import dev.ashlar.nn.runner.Runner;
import dev.ashlar.nn.runner.Runner.Part;
import dev.ashlar.nn.runner.SequenceCache;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kernel.FakeQuantKernel;
import dev.ashlar.tensor.kv.KvPrecision;
import dev.ashlar.tensor.quant.ActivationScheme;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.MemoryWeights;
import dev.ashlar.tensor.weights.WeightSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Models on the device beside the same models on the processor: as plain Java, or on the device
 * that the tests were started with.
 */
class DeviceRunnerTest {
  /** The tiny models that the tests of decoders have; tests run in their module's folder. */
  static final Path MODELS = Path.of("..", "nn", "src", "test", "resources", "models");

  private static final DeviceRunner.Options LOOPS = new DeviceRunner.Options(256, 32, false);
  private static final DeviceRunner.Options GROUPS = new DeviceRunner.Options(256, 2, true);

  @TestFactory
  Stream<DynamicTest> everyFamilyRunsAsOnTheProcessor() throws IOException {
    try (Stream<Path> folders = Files.list(MODELS)) {
      List<Path> all =
          folders.filter(f -> Files.exists(f.resolve("config.json"))).sorted().toList();
      return all.stream()
          .map(f -> DynamicTest.dynamicTest(f.getFileName().toString(), () -> compare(f)));
    }
  }

  private static void compare(Path folder) throws IOException {
    try (WeightSource source = Checkpoints.open(folder)) {
      DecoderSpec spec = Architectures.spec(source);
      // What is refused has a model of its own below.
      assertEquals("", DeviceRunner.refusal(spec).orElse(""));
      try (DeviceRunner device = DeviceRunner.open(spec, source, LOOPS)) {
        same(processor(source), device, 39);
      }
    }
  }

  /** Angles that depend on the length of a sequence, beyond the length the model was made for. */
  @ParameterizedTest
  @ValueSource(strings = {"dynamic", "longrope"})
  void longSequencesTurnAsOnTheProcessor(String type) throws IOException {
    try (WeightSource plain = Checkpoints.open(MODELS.resolve("llama"))) {
      Map<String, Object> config = new HashMap<>(plain.config());
      DecoderSpec first = Architectures.spec(plain);
      int half = first.blocks().getFirst().attention().headDim() / 2;
      List<Double> fast = Collections.nCopies(half, 1.5);
      List<Double> slow = Collections.nCopies(half, 7.0);
      config.remove("rope_parameters");
      config.put("max_position_embeddings", type.equals("dynamic") ? 41 : 400);
      config.put(
          "rope_scaling",
          Map.of(
              "rope_type",
              type,
              "factor",
              4.0,
              "short_factor",
              fast,
              "long_factor",
              slow,
              "original_max_position_embeddings",
              41));
      MemoryWeights weights = new MemoryWeights(config);
      for (String name : plain.names()) {
        weights.put(name, plain.tensor(name).toTensor());
      }
      DecoderSpec spec = Architectures.spec(weights);
      assertNotEquals(first.blocks().getFirst(), spec.blocks().getFirst());
      try (DeviceRunner device = DeviceRunner.open(spec, weights, LOOPS)) {
        same(processor(weights), device, 39);
      }
    }
  }

  @Test
  void whatNoKernelKnowsIsRefusedByName() throws IOException {
    try (WeightSource source = Checkpoints.open(MODELS.resolve("qwen3_moe"))) {
      MemoryWeights weights = new MemoryWeights(source.config());
      String one = null;
      for (String name : source.names()) {
        Tensor t = source.tensor(name).toTensor();
        if (one == null && name.contains(".experts.")) {
          one = name.substring(0, name.lastIndexOf(".weight"));
          weights.put(one, rounded(t, new IntegerGrid(4, 32, false)));
        } else {
          weights.put(name, t);
        }
      }
      DecoderSpec spec = Architectures.spec(weights);
      String said = refused(spec, weights);
      assertTrue(said.contains("experts") && said.contains("codes and floats"), said);

      BlockSpec block = spec.blocks().getFirst();
      AttentionSpec a = block.attention();
      AttentionSpec wide =
          new AttentionSpec(
              a.heads(),
              a.kvHeads(),
              512,
              a.projection(),
              a.output(),
              a.position(),
              a.scale(),
              a.window(),
              a.softcap(),
              a.clip(),
              a.headNorms(),
              512,
              a.sinks());
      DecoderSpec large =
          new DecoderSpec(
              spec.modelType(),
              spec.prefix(),
              spec.vocab(),
              spec.dim(),
              spec.maxPositions(),
              spec.embedding(),
              List.of(new BlockSpec(block.name(), wide, block.feedForward(), block.residual())),
              spec.head());
      assertEquals(
          "no device runs models of type qwen3_moe yet: heads of more than 256 elements",
          refused(large, weights));
    }
    ActivationScheme bytes =
        new ActivationScheme(new ActivationScheme.Element.Integers(8, true), -1, true);
    try (WeightSource source =
        rounded(MODELS.resolve("qwen3"), new IntegerGrid(4, 32, false), q -> rounding(q, bytes))) {
      String said = refused(Architectures.spec(source), source);
      assertTrue(said.endsWith("q_proj: inputs are not rounded on a device"), said);
    }
  }

  private static QuantizedMatrix rounding(QuantizedMatrix q, ActivationScheme inputs) {
    return q.withInputs(Optional.of(inputs));
  }

  private static String refused(DecoderSpec spec, WeightSource source) {
    return assertThrows(
            IllegalArgumentException.class, () -> DeviceRunner.open(spec, source, LOOPS))
        .getMessage();
  }

  @TestFactory
  Stream<DynamicTest> packedModelsRunByLoopsAndByGroups() {
    return Stream.of("qwen3 2", "qwen3 3", "qwen3 4", "qwen3 8", "qwen3_moe 4", "phi3_partial 4")
        .map(
            test ->
                DynamicTest.dynamicTest(
                    test + " bits",
                    () -> {
                      String[] words = test.split(" ");
                      IntegerGrid grid = new IntegerGrid(Integer.parseInt(words[1]), 32, false);
                      try (WeightSource source = rounded(MODELS.resolve(words[0]), grid)) {
                        packed(source);
                      }
                    }));
  }

  private static void packed(WeightSource source) {
    DecoderSpec spec = Architectures.spec(source);
    for (DeviceRunner.Options how : List.of(LOOPS, GROUPS)) {
      try (DeviceRunner device = DeviceRunner.open(spec, source, how)) {
        // As plain Java each work item of a group is a thread.
        same(processor(source), device, how.groups() ? 3 : 39);
      }
    }
  }

  /** A model whose matrices in blocks are rounded to codes, as if it had been quantized. */
  private static WeightSource rounded(Path folder, IntegerGrid grid) throws IOException {
    return rounded(folder, grid, q -> q);
  }

  private static WeightSource rounded(
      Path folder, IntegerGrid grid, UnaryOperator<QuantizedMatrix> changed) throws IOException {
    try (WeightSource source = Checkpoints.open(folder)) {
      MemoryWeights weights = new MemoryWeights(source.config());
      for (String name : source.names()) {
        Tensor t = source.tensor(name).toTensor();
        boolean router = name.endsWith(".gate.weight");
        if (name.contains("layers.") && t.shape().rank() == 2 && !router) {
          weights.put(
              name.substring(0, name.lastIndexOf(".weight")), changed.apply(rounded(t, grid)));
        } else {
          weights.put(name, t);
        }
      }
      return weights;
    }
  }

  private static QuantizedMatrix rounded(Tensor t, IntegerGrid grid) {
    int out = t.dim(0);
    int in = t.dim(1);
    float[] scales = new float[out * grid.groups(in)];
    float[] low = new float[scales.length];
    float[] high = new float[scales.length];
    byte[] zeros = new byte[scales.length];
    byte[] codes = new byte[out * in];
    FakeQuantKernel kernel = Backends.reference().fakeQuant();
    kernel.range(grid, 0, out, in, t.data(), low, high);
    FakeQuantKernel.Parameters plain =
        new FakeQuantKernel.Parameters(grid, out, in, t.data(), low, high, null, null, null);
    kernel.forward(plain, 0, out, null, codes, scales, zeros);
    return new QuantizedMatrix(out, in, grid, codes, scales, zeros);
  }

  static Runner processor(WeightSource source) {
    return Architectures.loadPacked(source, Backends.chosen(), InferenceOptions.defaults())
        .runner(KvPrecision.F32);
  }

  /** A prompt of more rows than a batch, tokens one by one, two sequences, forks, cuts. */
  static void same(Runner expected, Runner found, int length) {
    Random random = new Random(7);
    int[] prompt = random.ints(length, 0, expected.vocab()).toArray();
    int[] other = random.ints(Math.min(5, length), 0, expected.vocab()).toArray();
    SequenceCache a = expected.newCache();
    SequenceCache b = found.newCache();
    close("prompt", run(expected, Part.of(a, prompt)), run(found, Part.of(b, prompt)));
    for (int i = 0; i < 2; i++) {
      int id = random.nextInt(expected.vocab());
      close("token", run(expected, Part.of(a, id)), run(found, Part.of(b, id)));
    }
    SequenceCache a2 = expected.newCache();
    SequenceCache b2 = found.newCache();
    close(
        "two sequences",
        run(expected, Part.of(a2, other), Part.of(a, 3)),
        run(found, Part.of(b2, other), Part.of(b, 3)));
    SequenceCache aFork = a.fork();
    SequenceCache bFork = b.fork();
    close("behind a fork", run(expected, Part.of(a, 5)), run(found, Part.of(b, 5)));
    close("the fork", run(expected, Part.of(aFork, 6, 1)), run(found, Part.of(bFork, 6, 1)));
    a.truncate(a.length() / 2);
    b.truncate(b.length() / 2);
    close("cut", run(expected, Part.of(a, 2)), run(found, Part.of(b, 2)));
    assertEquals(a.length(), b.length());
    List.of(b, b2, bFork).forEach(SequenceCache::close);
  }

  private static Tensor run(Runner runner, Part... parts) {
    Tensor logits = runner.head(runner.hidden(List.of(parts), () -> false));
    return Tensor.of(logits.data().clone(), logits.shape());
  }

  private static void close(String what, Tensor expected, Tensor found) {
    assertEquals(expected.shape(), found.shape());
    double difference = 0;
    double size = 0;
    for (int i = 0; i < expected.size(); i++) {
      double d = expected.data()[i] - (double) found.data()[i];
      difference += d * d;
      size += (double) expected.data()[i] * expected.data()[i];
    }
    double relative = Math.sqrt(difference / size);
    assertTrue(relative < 1e-4, () -> what + ": relative error of the logits " + relative);
  }

  /** More pages than are copied at a time, behind a run whose rows must not be stored again. */
  @Test
  void manyForksGoOnByThemselves() throws IOException {
    try (WeightSource source = Checkpoints.open(MODELS.resolve("llama"))) {
      DeviceRunner.Options room = new DeviceRunner.Options(64 * 24, 4, false);
      try (DeviceRunner device = DeviceRunner.open(Architectures.spec(source), source, room)) {
        Runner processor = processor(source);
        SequenceCache a = processor.newCache();
        SequenceCache b = device.newCache();
        int[] prompt = new Random(3).ints(7, 0, processor.vocab()).toArray();
        close("prompt", run(processor, Part.of(a, prompt)), run(device, Part.of(b, prompt)));
        Part[] expected = new Part[DeviceGraphs.COPIES + 3];
        Part[] found = new Part[expected.length];
        for (int i = 0; i < expected.length; i++) {
          expected[i] = Part.of(a.fork(), i, 2 * i);
          found[i] = Part.of(b.fork(), i, 2 * i);
        }
        close("forks", run(processor, expected), run(device, found));
        close("the first", run(processor, Part.of(a, 1)), run(device, Part.of(b, 1)));
        close(
            "a fork",
            run(processor, Part.of(expected[4].cache(), 1)),
            run(device, Part.of(found[4].cache(), 1)));
      }
    }
  }

  @Test
  void faultsLeaveCachesAsTheyWere() throws IOException {
    try (WeightSource source = Checkpoints.open(MODELS.resolve("llama"))) {
      DecoderSpec spec = Architectures.spec(source);
      try (DeviceRunner device =
          DeviceRunner.open(spec, source, new DeviceRunner.Options(64, 32, false))) {
        SequenceCache cache = device.newCache();
        run(device, Part.of(cache, 1, 2, 3));
        assertThrows(
            CancellationException.class,
            () -> device.hidden(List.of(Part.of(cache, 4)), () -> true));
        assertEquals(3, cache.length());
        String said =
            assertThrows(
                    IllegalStateException.class,
                    () -> device.hidden(List.of(Part.of(cache, new int[62])), () -> false))
                .getMessage();
        assertTrue(said.contains("64 tokens"), said);
        assertEquals(3, cache.length());
        assertThrows(
            IllegalArgumentException.class,
            () -> device.hidden(List.of(Part.of(cache, spec.vocab())), () -> false));
        assertThrows(IllegalArgumentException.class, () -> new DeviceRunner.Options(0, 1, false));
        run(device, Part.of(cache, new int[61]));
        assertEquals(64, cache.length());
      }
    }
  }
}

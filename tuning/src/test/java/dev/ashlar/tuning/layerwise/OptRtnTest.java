package dev.ashlar.tuning.layerwise;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.safetensors.SafetensorsFile;
import dev.ashlar.io.json.Json;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.BlockwiseQuantization;
import dev.ashlar.tuning.Methods;
import dev.ashlar.tuning.RunOptions;
import dev.ashlar.tuning.TinyModel;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.method.LinearLayer;
import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.plan.QuantizationPlan;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Searched scales: AutoRound's own exports, the definition, and the cases without a search. */
class OptRtnTest {
  private static final RunOptions OPTIONS = new RunOptions(4, 1, 1, true, 42);

  /** Words of a sample, which begins with the token of beginnings. */
  private static final int LENGTH = 32;

  private static final int SAMPLES = 16;

  @TestFactory
  Stream<DynamicTest> copiedExports() throws URISyntaxException {
    return exports(Path.of(OptRtnTest.class.getResource("/autoround").toURI()));
  }

  @TestFactory
  Stream<DynamicTest> sharedExports() {
    Path root =
        Path.of(System.getProperty("ashlar.shared", "absent")).resolve("fixtures/autoround");
    if (!Files.isDirectory(root)) {
      return Stream.of(
          DynamicTest.dynamicTest("shared", () -> Assumptions.abort(root + " is not there")));
    }
    return exports(root);
  }

  private static Stream<DynamicTest> exports(Path root) {
    try (Stream<Path> all = Files.list(root.resolve("exports"))) {
      return all
          .filter(p -> p.getFileName().toString().endsWith("-optrtn"))
          .sorted()
          .toList()
          .stream()
          .map(
              p ->
                  DynamicTest.dynamicTest(
                      p.getFileName().toString(), () -> check(root, p.resolve("auto_round"))));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Scales to the last bit, and the codes under them, but for what hangs on the order of sums. */
  private static void check(Path root, Path export) throws IOException {
    Path model = root.resolve("models/llama");
    CalibrationSet data = data(root, model);
    for (Backend backend : List.of(Backends.reference(), Backends.chosen())) {
      try (Checkpoint source = Checkpoints.open(model);
          Checkpoint golden = Checkpoints.open(export)) {
        String first = golden.quantizedNames().iterator().next();
        IntegerGrid scheme = golden.quantized(first).orElseThrow().scheme();
        Map<String, QuantizedMatrix> found =
            TinyModel.collect(
                new BlockwiseQuantization(
                    Architectures.load(source, backend),
                    QuantizationPlan.uniform(scheme),
                    data,
                    OptRtn.METHOD.create(MethodOptions.none()),
                    OPTIONS));
        assertEquals(golden.quantizedNames().size(), found.size());
        int scales = 0;
        int others = 0;
        int weights = 0;
        int codes = 0;
        for (Map.Entry<String, QuantizedMatrix> e : found.entrySet()) {
          QuantizedMatrix expected = golden.quantized(e.getKey()).orElseThrow();
          QuantizedMatrix q = e.getValue();
          for (int i = 0; i < expected.zeroPoints().scales().length; i++) {
            scales++;
            others += expected.zeroPoints().scales()[i] == q.zeroPoints().scales()[i] ? 0 : 1;
          }
          for (int i = 0; i < expected.codes().values().length; i++) {
            weights++;
            codes += expected.codes().values()[i] == q.codes().values()[i] ? 0 : 1;
          }
        }
        String where =
            backend.name()
                + ": "
                + others
                + " of "
                + scales
                + " scales, "
                + codes
                + " of "
                + weights
                + " codes differ";
        assertTrue(others <= scales / 500 && codes <= weights / 1000, where);
      }
    }
  }

  /** The samples of the exports: which texts they were, the recorded ids tell. */
  private static CalibrationSet data(Path root, Path model) throws IOException {
    Map<String, Object> tokenizer = Json.readObject(model.resolve("tokenizer.json"));
    Map<String, Object> vocabulary =
        Json.asObject(Json.asObject(tokenizer.get("model"), "model").get("vocab"), "vocab");
    List<int[]> texts = new ArrayList<>();
    for (String line : Files.readAllLines(root.resolve("models/calib.jsonl"))) {
      String[] words =
          ((String) Json.parseObject(line.getBytes(StandardCharsets.UTF_8), "line").get("text"))
              .split(" ");
      int[] ids = new int[LENGTH];
      ids[0] = 1;
      for (int i = 1; i < LENGTH; i++) {
        ids[i] = ((Number) vocabulary.get(words[i - 1])).intValue();
      }
      texts.add(ids);
    }
    Path trace = root.resolve("exports/llama-w2g32sym-it20/trace.safetensors");
    List<int[]> samples = new ArrayList<>();
    try (SafetensorsFile tensors = SafetensorsFile.open(trace)) {
      float[] seen = tensors.tensor("loss_ids").toTensor().data();
      for (int s = 0; s < SAMPLES; s++) {
        int at = s * LENGTH;
        samples.add(texts.stream().filter(t -> begins(t, seen, at)).findFirst().orElseThrow());
      }
    }
    return CalibrationSet.of(samples, OptionalInt.empty());
  }

  private static boolean begins(int[] text, float[] seen, int at) {
    for (int i = 0; i < LENGTH - 1; i++) {
      if (text[i] != seen[at + i]) {
        return false;
      }
    }
    return true;
  }

  private static Tensor random(int out, int in, long seed) {
    Random random = new Random(seed);
    Tensor w = Tensor.zeros(out, in);
    for (int i = 0; i < w.size(); i++) {
      w.data()[i] = (float) (random.nextGaussian() * (random.nextInt(30) == 0 ? 4 : 1));
    }
    return w;
  }

  private static float[] importance(int in) {
    Random random = new Random(4);
    float[] x = new float[in];
    for (int k = 0; k < in; k++) {
      x[k] = (float) Math.exp(2 * random.nextGaussian());
    }
    return x;
  }

  private static double error(Tensor w, QuantizedMatrix q, float[] importance, int row, int group) {
    int in = w.dim(1);
    int size = q.scheme().effectiveGroup(in);
    float[] back = new float[in];
    q.readRow(row, back, 0);
    double sum = 0;
    for (int k = group * size; k < Math.min(in, (group + 1) * size); k++) {
      double e = w.data()[row * in + k] - back[k];
      sum += importance[k] * e * e;
    }
    return sum;
  }

  @Test
  void noGroupIsWorseThanRoundedToNearest() {
    Tensor w = random(24, 200, 1);
    for (boolean symmetric : new boolean[] {true, false}) {
      for (int bits = 2; bits <= 7; bits++) {
        for (float[] counts : List.of(Importance.equal(200), importance(200))) {
          IntegerGrid grid = new IntegerGrid(bits, 64, symmetric, DType.F32);
          LinearLayer layer = new LinearLayer("layer", w, grid);
          QuantizedMatrix plain = RoundToNearest.quantize(layer);
          QuantizedMatrix searched = OptRtn.quantize(layer, counts);
          double all = 0;
          double allPlain = 0;
          for (int at = 0; at < 24 * 4; at++) {
            double before = error(w, plain, counts, at / 4, at % 4);
            double after = error(w, searched, counts, at / 4, at % 4);
            assertTrue(after <= before * (1 + 1e-5), grid + ": " + before + " to " + after);
            all += after;
            allPlain += before;
          }
          assertTrue(bits > 4 || all < 0.95 * allPlain, grid + ": " + allPlain + " to " + all);
        }
      }
    }
  }

  /** The definition, group by group in double, for one group. */
  @Test
  void theSymmetricSearchIsItsDefinition() {
    Tensor w = random(1, 32, 7);
    float[] counts = importance(32);
    IntegerGrid grid = new IntegerGrid(3, 32, true, DType.F32);
    float largest = 0;
    for (float x : w.data()) {
      largest = Math.abs(x) > Math.abs(largest) ? x : largest;
    }
    double best = Double.POSITIVE_INFINITY;
    double scale = 0;
    for (int k = -100; k <= 100; k++) {
      double t = -(4 - 0.03 * k) / largest;
      double e = 0;
      for (int i = 0; i < 32; i++) {
        double code = Math.clamp(Math.rint(t * w.data()[i]), -4, 3);
        e += counts[i] * Math.pow(code / t - w.data()[i], 2);
      }
      if (e < best) {
        best = e;
        scale = 1 / t;
      }
    }
    float[] found = ScaleSearch.symmetric(w, grid, counts, Backends.chosen());
    assertEquals(scale, found[0], 1e-6 * Math.abs(scale));
    assertEquals(181, ScaleSearch.factors(new IntegerGrid(2, 32, true)).length);
    assertEquals(-2.9f, ScaleSearch.factors(new IntegerGrid(2, 32, true))[1]);
    assertEquals(201, ScaleSearch.factors(new IntegerGrid(7, 32, true)).length);
  }

  @Test
  void channelsThatSawNothingAreMended() {
    float[] w = {3, -4, 1, 2};
    float[] scratch = new float[4];
    float[] full = {1, 2, 3, 4};
    assertSame(full, Importance.mended(full, 0, 4, w, 0, 4, scratch));
    float[] half = {0, 2, 4, 0};
    assertArrayEquals(new float[] {3, 2, 4, 3}, Importance.mended(half, 0, 4, w, 0, 4, scratch));
    float[] few = {0, 0, 4, 0};
    assertArrayEquals(new float[] {3, 4, 1, 2}, Importance.mended(few, 0, 4, w, 0, 3, scratch));
    float sigma = (float) Math.sqrt(30f / 32);
    assertArrayEquals(
        new float[] {3 + sigma, 4 + sigma, 1 + sigma, 2 + sigma},
        Importance.mended(few, 0, 4, w, 0, 4, scratch));
  }

  @Test
  void groupsOfZerosStayZeros() {
    Tensor w = Tensor.zeros(2, 64);
    for (boolean symmetric : new boolean[] {true, false}) {
      QuantizedMatrix q =
          OptRtn.quantize(
              new LinearLayer("layer", w, new IntegerGrid(4, 32, symmetric)), new float[64]);
      assertArrayEquals(new float[128], q.dequantize().data());
    }
  }

  /** What a search would bring nothing for is rounded to nearest. */
  @Test
  void eightBitsAndRoutedExpertsAreNotSearched() {
    assertTrue(isPlain("mlp.up_proj", 8, true, MethodOptions.none()));
    assertTrue(isPlain("mlp.experts.3.up_proj", 4, true, MethodOptions.none()));
    MethodOptions forced = MethodOptions.of(Map.of("enable_opt_rtn", "true"));
    assertTrue(!isPlain("mlp.experts.3.up_proj", 4, true, forced));
    assertTrue(!isPlain("mlp.shared_experts.up_proj", 4, true, MethodOptions.none()));
    assertTrue(!isPlain("mlp.up_proj", 4, false, MethodOptions.none()));
    MethodOptions plain = MethodOptions.of(Map.of("asym_search", "false"));
    assertTrue(isPlain("mlp.up_proj", 4, false, plain));
  }

  private static boolean isPlain(String name, int bits, boolean symmetric, MethodOptions o) {
    LinearLayer layer =
        new LinearLayer(name, random(8, 64, 3), new IntegerGrid(bits, 32, symmetric));
    OptRtn method = new OptRtn(o.flag("enable_opt_rtn", false), o.flag("asym_search", true));
    var work =
        method.begin(new dev.ashlar.tuning.method.GroupQuantizer.Group(null, null, List.of(layer)));
    work.observe(random(50, 64, 9));
    QuantizedMatrix q = work.finish().layers().get(name);
    return Arrays.equals(RoundToNearest.quantize(layer).codes().values(), q.codes().values())
        && Arrays.equals(
            RoundToNearest.quantize(layer).zeroPoints().scales(), q.zeroPoints().scales());
  }

  @Test
  void anyNumberOfThreadsGivesTheSame() {
    for (boolean symmetric : new boolean[] {true, false}) {
      Map<String, QuantizedMatrix> one = quantized(1, symmetric);
      Map<String, QuantizedMatrix> two = quantized(2, symmetric);
      one.forEach(
          (name, q) -> {
            QuantizedMatrix other = two.get(name);
            assertArrayEquals(q.codes().values(), other.codes().values(), name);
            assertArrayEquals(q.zeroPoints().scales(), other.zeroPoints().scales(), name);
            assertArrayEquals(q.zeroPoints().zeros(), other.zeroPoints().zeros(), name);
          });
    }
  }

  private static Map<String, QuantizedMatrix> quantized(int threads, boolean symmetric) {
    try (Checkpoint source = TinyModel.open()) {
      BlockwiseQuantization run =
          new BlockwiseQuantization(
              Architectures.load(source),
              QuantizationPlan.uniform(new IntegerGrid(3, 32, symmetric)),
              TinyModel.data(8, 16),
              OptRtn.METHOD.create(MethodOptions.none()),
              OPTIONS);
      return Parallel.limited(threads, () -> TinyModel.collect(run));
    }
  }

  @Test
  void tuningInNoStepsIsThis() {
    Method tuning = Methods.named("signround");
    assertSame(OptRtn.METHOD, tuning.settle(MethodOptions.of(Map.of("iters", "0"))).method());
    assertSame(
        RoundToNearest.METHOD,
        tuning.settle(MethodOptions.of(Map.of("iters", "0", "disable_opt_rtn", "true"))).method());
    assertSame(tuning, tuning.settle(MethodOptions.none()).method());
  }
}

package dev.ashlar.tuning.layerwise;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.safetensors.SafetensorsFile;
import dev.ashlar.io.json.Json;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.FloatFormat;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.quant.Unquantized;
import dev.ashlar.tuning.BlockwiseQuantization;
import dev.ashlar.tuning.Collected;
import dev.ashlar.tuning.Methods;
import dev.ashlar.tuning.RunListener;
import dev.ashlar.tuning.RunOptions;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.plan.QuantizationPlan;
import dev.ashlar.tuning.plan.SchemeOverride;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Whole models that AutoRound rounded to nearest, also by tuning that no iteration improved: every
 * weight is the same here. All recorded runs are of those kinds, or have a test of their own.
 */
class NearestExportsTest {
  /** Of schemes that are not spelled by bits. */
  private static final Map<String, QuantScheme> NAMED =
      Map.of(
          "INT8", new IntegerGrid(8, -1, true),
          "MXFP4", FloatGrid.mxfp4(),
          "MXFP8", FloatGrid.mxfp8(),
          "NVFP4", FloatGrid.nvfp4(),
          "FP8_STATIC", FloatGrid.fp8(FloatFormat.E4M3),
          "FPW8A16", new FloatGrid(FloatFormat.E4M3, 0, FloatGrid.Scale.F32));

  /** Schemes that have a test of their own, or are not there. */
  private static final Set<String> OTHERS = Set.of("gguf", "MXINT4");

  private static Optional<Path> exports() {
    return Optional.of(
            Path.of(System.getProperty("ashlar.shared", "absent"))
                .resolve("fixtures/autoround/exports"))
        .filter(Files::isDirectory);
  }

  @TestFactory
  Stream<DynamicTest> weightsAreAutoRounds() {
    if (exports().isEmpty()) {
      return Stream.of(
          DynamicTest.dynamicTest("shared", () -> Assumptions.abort("no shared folder")));
    }
    Path root = exports().get();
    Map<String, Object> all = Json.readObject(root.resolve("index.json"));
    try (Stream<Path> folders = Files.list(root)) {
      assertEquals(
          folders
              .filter(Files::isDirectory)
              .map(f -> f.getFileName().toString())
              .collect(Collectors.toCollection(TreeSet::new)),
          new TreeSet<>(all.keySet()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return all.keySet().stream()
        .map(
            name ->
                DynamicTest.dynamicTest(
                    name, () -> check(root.resolve(name), object(all.get(name)))));
  }

  private static void check(Path folder, Map<String, Object> entry) {
    Map<String, Object> spec = object(entry.get("spec"));
    String scheme = (String) spec.get("scheme");
    Assumptions.assumeTrue(
        OTHERS.stream().noneMatch(scheme::startsWith) && !folder.toString().endsWith("optrtn"),
        "has a test of its own, or no scheme here");
    Assumptions.assumeTrue(isNearest(folder), "was tuned");
    Map<String, Object> kw = spec.containsKey("kw") ? object(spec.get("kw")) : Map.of();
    Assumptions.assumeTrue(
        kw.containsKey("bits") || NAMED.containsKey(scheme), "a scheme that is not known here");
    Path model = folder.resolve("../../models").resolve((String) spec.get("model"));
    try (Checkpoint source = Checkpoints.open(model);
        SafetensorsFile expected = SafetensorsFile.open(folder.resolve("expected.safetensors"))) {
      Collected found = new Collected();
      new BlockwiseQuantization(
              Architectures.load(source),
              plan(scheme, kw),
              CalibrationSet.none(),
              Methods.named("rtn").create(MethodOptions.none()),
              RunOptions.defaults())
          .run(found, RunListener.SILENT);
      Set<String> sums =
          expected.names().stream()
              .filter(n -> n.startsWith("rowsum."))
              .map(n -> n.substring("rowsum.".length(), n.length() - ".weight".length()))
              .collect(Collectors.toSet());
      assertTrue(!sums.isEmpty());
      assertEquals(sums, found.layers().keySet());
      found.layers().forEach((name, q) -> compare(name + ".weight", q, expected));
    }
  }

  /** Whether nothing was tuned, or nothing that was tuned was better. */
  private static boolean isNearest(Path folder) {
    Path trace = folder.resolve("trace.json");
    return !Files.exists(trace)
        || object(Json.readObject(trace).get("blocks")).values().stream()
            .allMatch(b -> ((Number) object(b).get("best_iter")).intValue() == 0);
  }

  private static QuantizationPlan plan(String scheme, Map<String, Object> kw) {
    if (!kw.containsKey("bits")) {
      return QuantizationPlan.uniform(NAMED.get(scheme));
    }
    IntegerGrid base = grid(kw, new IntegerGrid(4, 128, true));
    Map<String, SchemeOverride> rules = new LinkedHashMap<>();
    if (kw.get("layer_config") instanceof Map<?, ?> layers) {
      object(layers)
          .forEach(
              (name, rule) -> {
                boolean isFloat = number(object(rule), "bits", 0) == QuantScheme.FLOAT_BITS;
                rules.put(
                    name,
                    SchemeOverride.exactly(isFloat ? new Unquantized() : grid(object(rule), base)));
              });
    }
    return QuantizationPlan.uniform(base)
        .withRules(rules)
        .withHead(Boolean.TRUE.equals(kw.get("quant_lm_head")));
  }

  private static IntegerGrid grid(Map<String, Object> keys, IntegerGrid base) {
    return new IntegerGrid(
        number(keys, "bits", base.bits()),
        number(keys, "group_size", base.groupSize()),
        keys.get("sym") instanceof Boolean b ? b : base.symmetric());
  }

  private static int number(Map<String, Object> map, String key, int fallback) {
    return map.get(key) instanceof Number n ? n.intValue() : fallback;
  }

  private static void compare(String name, QuantizedMatrix q, SafetensorsFile expected) {
    float[] w = q.dequantize().data();
    double[] rows = new double[q.out()];
    double[] columns = new double[q.in()];
    for (int i = 0; i < w.length; i++) {
      rows[i / q.in()] += w[i];
      columns[i % q.in()] += w[i];
    }
    compare("rowsum." + name, rows, expected);
    compare("colsum." + name, columns, expected);
    expected
        .find("dequant." + name)
        .ifPresent(
            t -> {
              float[] whole = t.toTensor().data();
              for (int i = 0; i < w.length; i++) {
                // Of NVFP4 the peer divides by the float beside the scales, and readers multiply.
                assertEquals(whole[i], w[i], 6e-8, name + " at " + i);
              }
            });
  }

  private static void compare(String name, double[] sums, SafetensorsFile expected) {
    Tensor golden = expected.tensor(name).toTensor();
    assertEquals(golden.size(), sums.length, name);
    for (int i = 0; i < sums.length; i++) {
      // Taken in float32 over at most a few hundred weights below one.
      assertEquals(golden.data()[i], sums[i], 3e-6, name + " at " + i);
    }
  }

  private static Map<String, Object> object(Object value) {
    return Json.asObject(value, "an object");
  }
}

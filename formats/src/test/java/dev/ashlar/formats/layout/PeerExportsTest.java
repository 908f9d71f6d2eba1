package dev.ashlar.formats.layout;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.Shared;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.safetensors.SafetensorsFile;
import dev.ashlar.io.json.Json;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Folders written by AutoRound itself: what they hold equals the weights that AutoRound says it
 * wrote, and packing it again gives the same bytes.
 */
class PeerExportsTest {
  @TestFactory
  List<DynamicTest> goldens() throws URISyntaxException, IOException {
    return tests(Path.of(PeerExportsTest.class.getResource("/layout/exports").toURI()));
  }

  @TestFactory
  List<DynamicTest> shared() throws IOException {
    return tests(Shared.path("fixtures/autoround/exports"));
  }

  private static List<DynamicTest> tests(Path exports) throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    try (Stream<Path> files = Files.walk(exports, 3)) {
      for (Path config : files.filter(f -> f.endsWith("config.json")).sorted().toList()) {
        Path folder = config.getParent();
        String name = exports.relativize(folder).toString();
        tests.add(DynamicTest.dynamicTest(name, () -> check(folder)));
      }
    }
    assertFalse(tests.isEmpty(), "no exports in " + exports);
    return tests;
  }

  /** Whether the configuration is of the integer kind that the layouts here spell. */
  private static boolean readable(Path folder) {
    Map<?, ?> config =
        (Map<?, ?>) Json.readObject(folder.resolve("config.json")).get("quantization_config");
    String format = Objects.toString(config.get("packing_format"), "");
    if (config.get("quant_method").equals("compressed-tensors")) {
      return Set.of("pack-quantized", "int-quantized").contains(config.get("format"));
    }
    return !format.contains("llm_compressor")
        && !format.contains("fp8")
        && config.get("data_type").equals("int");
  }

  private static void check(Path folder) {
    if (!readable(folder)) {
      Assumptions.abort("of a kind that has its own reader");
    }
    Path own = folder.resolve("expected.safetensors");
    Path expected = Files.exists(own) ? own : folder.resolveSibling("expected.safetensors");
    try (Checkpoint checkpoint = Checkpoints.open(folder);
        SafetensorsFile file = SafetensorsFile.open(folder.resolve("model.safetensors"));
        SafetensorsFile golden = SafetensorsFile.open(expected)) {
      Map<String, Object> config =
          Json.asObject(checkpoint.config().get("quantization_config"), "config");
      PackedPlan plan = Declarations.plan(new QuantizationConfig("config", config)).orElseThrow();
      assertFalse(checkpoint.quantizedNames().isEmpty());
      for (String module : checkpoint.quantizedNames()) {
        QuantizedMatrix tensor = checkpoint.quantized(module).orElseThrow();
        assertEquals(plan.scheme(module), tensor.scheme());
        compare(module, tensor.dequantize(), golden);
        repack(plan.layout(module), module, tensor, file);
      }
      for (String name : checkpoint.names()) {
        assertTrue(name.endsWith(".weight") || name.endsWith(".bias"), name);
        assertFalse(
            checkpoint.quantizedNames().contains(name.replaceFirst("\\.weight$", "")), name);
      }
    }
  }

  private static void compare(String module, Tensor w, SafetensorsFile golden) {
    int out = (int) w.shape().dim(0);
    int in = (int) w.shape().dim(1);
    golden
        .find("dequant." + module + ".weight")
        .ifPresent(t -> assertExact(module, t.toTensor().data(), w.data()));
    double[] rows = new double[out];
    double[] columns = new double[in];
    for (int o = 0; o < out; o++) {
      for (int k = 0; k < in; k++) {
        rows[o] += w.data()[o * in + k];
        columns[k] += w.data()[o * in + k];
      }
    }
    compare(module, golden.find("rowsum." + module + ".weight"), rows);
    compare(module, golden.find("colsum." + module + ".weight"), columns);
  }

  /** Equal but for the sign of zero, which a product of a negative scale with 0 decides. */
  private static void assertExact(String module, float[] expected, float[] found) {
    assertEquals(expected.length, found.length, module);
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i] + 0f, found[i] + 0f, module + " at " + i);
    }
  }

  private static void compare(String module, Optional<StoredTensor> golden, double[] sums) {
    if (golden.isPresent()) {
      float[] expected = golden.get().toTensor().data();
      assertEquals(expected.length, sums.length, module);
      for (int i = 0; i < sums.length; i++) {
        // The sums were taken in float32 over at most a few hundred weights below one.
        assertEquals(expected[i], sums[i], 2e-6, module);
      }
    }
  }

  private static void repack(
      PackedLayout layout, String module, QuantizedMatrix tensor, SafetensorsFile file) {
    int parts = 0;
    for (PackedTensor part : layout.pack(module, tensor)) {
      StoredTensor stored = file.tensor(part.name());
      assertEquals(stored.dtype(), part.dtype(), part.name());
      assertEquals(stored.shape(), part.shape(), part.name());
      byte[] bytes = new byte[(int) stored.byteSize()];
      stored.readBytes(0, bytes, 0, bytes.length);
      assertArrayEquals(bytes, part.bytes(), part.name());
      parts++;
    }
    long there =
        layout.parts().stream().filter(p -> file.find(module + "." + p).isPresent()).count();
    assertEquals(there, parts, module);
  }
}

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
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Folders of small floats that AutoRound wrote: their weights, and the same bytes again. */
class SmallFloatFoldersTest {
  private static final SmallFloatLayout LAYOUT = new SmallFloatLayout();

  @TestFactory
  List<DynamicTest> shared() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    Path exports = Shared.path("fixtures/autoround/exports");
    try (Stream<Path> files = Files.walk(exports, 3)) {
      for (Path config : files.filter(f -> f.endsWith("config.json")).sorted().toList()) {
        Map<String, Object> quantization =
            Json.asObject(Json.readObject(config).get("quantization_config"), "config");
        String format = String.valueOf(quantization.get("format"));
        if (SmallFloatWeights.declares(quantization)
            || format.contains("fp")
            || format.equals("float-quantized")) {
          Path folder = config.getParent();
          tests.add(DynamicTest.dynamicTest(exports.relativize(folder) + "", () -> check(folder)));
        }
      }
    }
    assertTrue(tests.size() >= 7, tests.size() + " folders");
    return tests;
  }

  private static void check(Path folder) {
    Path own = folder.resolve("expected.safetensors");
    Path expected = Files.exists(own) ? own : folder.resolveSibling("expected.safetensors");
    try (Checkpoint checkpoint = Checkpoints.open(folder);
        SafetensorsFile golden = SafetensorsFile.open(expected);
        SafetensorsFile file = SafetensorsFile.open(folder.resolve("model.safetensors"))) {
      assertEquals(14, checkpoint.quantizedNames().size());
      for (String module : checkpoint.quantizedNames()) {
        assertFalse(checkpoint.names().contains(module + ".weight"), module);
        QuantizedMatrix q = checkpoint.quantized(module).orElseThrow();
        sums(module, q.dequantize(), golden);
        boolean writes =
            q.groups() instanceof Groups.Scales s
                && LAYOUT.refusal(q.out(), q.in(), s.grid()).isEmpty();
        List<PackedTensor> parts = new ArrayList<>();
        if (writes) {
          parts.addAll(LAYOUT.pack(module, q));
        }
        parts.addAll(InputParts.of(module, q));
        for (PackedTensor part : parts) {
          StoredTensor stored = file.tensor(part.name());
          assertEquals(stored.dtype(), part.dtype(), part.name());
          assertEquals(stored.shape(), part.shape(), part.name());
          byte[] bytes = new byte[(int) stored.byteSize()];
          stored.readBytes(0, bytes, 0, bytes.length);
          assertArrayEquals(bytes, part.bytes(), part.name());
        }
      }
    }
  }

  private static void sums(String module, Tensor w, SafetensorsFile golden) {
    Optional<StoredTensor> recorded = golden.find("rowsum." + module + ".weight");
    if (recorded.isEmpty()) {
      return; // Of NVFP4 logits were recorded only.
    }
    float[] rows = recorded.get().toTensor().data();
    for (int o = 0; o < rows.length; o++) {
      double sum = 0;
      for (int k = 0; k < w.dim(1); k++) {
        sum += w.data()[o * w.dim(1) + k];
      }
      assertEquals(rows[o], sum, 2e-6, module + ", row " + o);
    }
  }
}

package dev.ashlar.formats.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.safetensors.SafetensorsFile;
import dev.ashlar.io.json.Json;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A folder of several layouts that compressed-tensors wrote ({@code make-mixed.py}): the weights
 * that it reads from it, and the same tensors again.
 */
class PeerMixedTest {
  @TempDir Path temporary;

  private static Path golden() {
    try {
      return Path.of(PeerMixedTest.class.getResource("/layout/mixed").toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void weightsAreThePeers() {
    try (Checkpoint checkpoint = Checkpoints.open(golden());
        SafetensorsFile expected = SafetensorsFile.open(golden().resolve("expected.safetensors"))) {
      assertEquals(14, checkpoint.quantizedNames().size());
      for (String module : checkpoint.quantizedNames()) {
        Tensor w = checkpoint.quantized(module).orElseThrow().dequantize();
        int out = (int) w.shape().dim(0);
        int in = (int) w.shape().dim(1);
        double[] rows = new double[out];
        double[] columns = new double[in];
        for (int i = 0; i < out * in; i++) {
          rows[i / in] += w.data()[i];
          columns[i % in] += w.data()[i];
        }
        compare(expected.tensor("rowsum." + module), rows);
        compare(expected.tensor("colsum." + module), columns);
      }
      assertEquals(Set.of("model.embed_tokens.weight", "lm_head.weight"), matrices(checkpoint));
    }
  }

  private static Set<String> matrices(Checkpoint checkpoint) {
    Set<String> names = new TreeSet<>(checkpoint.names());
    names.removeIf(n -> checkpoint.tensor(n).shape().rank() != 2);
    return names;
  }

  /** Products of NVFP4's two scales are rounded in another order there. */
  private static void compare(StoredTensor expected, double[] found) {
    float[] sums = expected.toTensor().data();
    assertEquals(sums.length, found.length);
    for (int i = 0; i < sums.length; i++) {
      assertEquals(sums[i], found[i], 2e-6, expected.name() + " " + i);
    }
  }

  @Test
  void thePeersTensorsAreWrittenAgain() {
    Path folder = temporary.resolve("again");
    try (Checkpoint source = Checkpoints.open(golden())) {
      Map<String, QuantScheme> linears = new LinkedHashMap<>();
      for (String module : source.quantizedNames()) {
        linears.put(module, source.quantized(module).flatMap(QuantizedMatrix::described).get());
      }
      QuantScheme base = linears.values().iterator().next();
      ExportPlan plan = new ExportPlan(base, linears);
      try (ExportSink sink =
          new LlmCompressorFormat().create(folder, source, plan, ExportOptions.defaults())) {
        source.names().forEach(name -> sink.copy(source.tensor(name)));
        for (String module : source.quantizedNames()) {
          sink.quantized(module, source.quantized(module).orElseThrow());
        }
        sink.finish();
      }
    }
    ExportCheck.verify(folder);
    try (SafetensorsFile peer = SafetensorsFile.open(golden().resolve("model.safetensors"));
        SafetensorsFile own = SafetensorsFile.open(folder.resolve("model.safetensors"))) {
      assertEquals(new TreeSet<>(peer.names()), new TreeSet<>(own.names()));
      for (String name : peer.names()) {
        assertEquals(peer.tensor(name).storage(), own.tensor(name).storage(), name);
        assertEquals(peer.tensor(name).shape(), own.tensor(name).shape(), name);
        assertArrayEquals(bytes(peer.tensor(name)), bytes(own.tensor(name)), name);
      }
    }
    Map<String, String> expected = formats(golden());
    assertEquals(6, new TreeSet<>(expected.values()).size());
    assertEquals(expected.keySet(), formats(folder).keySet());
    assertEquals(expected, formats(folder));
  }

  private static byte[] bytes(StoredTensor tensor) {
    byte[] bytes = new byte[(int) tensor.byteSize()];
    tensor.readBytes(0, bytes, 0, bytes.length);
    return bytes;
  }

  /** The format of each module, by the configuration. */
  private static Map<String, String> formats(Path folder) {
    Map<String, Object> quantization =
        Json.asObject(
            Json.readObject(folder.resolve("config.json")).get("quantization_config"), "config");
    assertEquals("mixed-precision", quantization.get("format"));
    Map<String, String> formats = new TreeMap<>();
    try (Checkpoint checkpoint = Checkpoints.open(folder)) {
      for (Object value : Json.asObject(quantization.get("config_groups"), "groups").values()) {
        Map<String, Object> group = Json.asObject(value, "group");
        for (Object target : (Iterable<?>) group.get("targets")) {
          String text = target.toString();
          for (String module : checkpoint.quantizedNames()) {
            if (text.startsWith("re:") ? module.matches(text.substring(3)) : module.equals(text)) {
              formats.put(module, (String) group.get("format"));
            }
          }
        }
      }
      assertTrue(formats.keySet().containsAll(checkpoint.quantizedNames()));
    }
    return formats;
  }
}

package dev.ashlar.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.safetensors.SafetensorsFile;
import dev.ashlar.io.json.Json;
import dev.ashlar.io.json.JsonWriter;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.Backends;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A folder in which compressed-tensors itself laid integers in words and in bytes, FP8, NVFP4 and
 * MXFP8 side by side ({@code formats/src/test/fixtures/make-mixed.py}): logits as its own reader
 * computes them.
 */
class SeveralLayoutsTest {
  private static final Path FOLDER = Path.of("../formats/src/test/resources/layout/mixed");

  @TempDir Path temporary;

  /** Root of the mean square of the difference, relative to that of what is expected. */
  private static double error(Decoder decoder, String key) {
    try (SafetensorsFile expected = SafetensorsFile.open(FOLDER.resolve("expected.safetensors"))) {
      Tensor ids = expected.tensor("input_ids").toTensor();
      int[] tokens = new int[ids.size()];
      for (int i = 0; i < tokens.length; i++) {
        tokens[i] = (int) ids.data()[i];
      }
      Tensor found = decoder.forward(tokens, BlockContext.of(1, tokens.length), Tape.off());
      float[] wanted = expected.tensor(key).toTensor().data();
      assertEquals(wanted.length, found.size());
      double difference = 0;
      double size = 0;
      for (int i = 0; i < wanted.length; i++) {
        difference += Math.pow(wanted[i] - found.data()[i], 2);
        size += Math.pow(wanted[i], 2);
      }
      return Math.sqrt(difference / size);
    }
  }

  private static void agree(Path folder, String key, double most) {
    try (Checkpoint checkpoint = Checkpoints.open(folder)) {
      double packed = error(Architectures.loadPacked(checkpoint, Backends.chosen()), key);
      double widened = error(Architectures.load(checkpoint), key);
      assertTrue(packed < most && widened < most, packed + " and " + widened);
    }
  }

  /** The folder, with inputs of some layouts as they are. */
  private Path without(Predicate<String> formats) throws IOException {
    Map<String, Object> config =
        new LinkedHashMap<>(Json.readObject(FOLDER.resolve("config.json")));
    Map<String, Object> quantization =
        new LinkedHashMap<>(Json.asObject(config.get("quantization_config"), "config"));
    Map<String, Object> groups = new LinkedHashMap<>();
    Json.asObject(quantization.get("config_groups"), "groups")
        .forEach(
            (name, value) -> {
              Map<String, Object> group = new LinkedHashMap<>(Json.asObject(value, name));
              if (formats.test((String) group.get("format"))) {
                group.remove("input_activations");
              }
              groups.put(name, group);
            });
    quantization.put("config_groups", groups);
    config.put("quantization_config", quantization);
    Path folder = Files.createDirectories(temporary.resolve("without"));
    Files.copy(FOLDER.resolve("model.safetensors"), folder.resolve("model.safetensors"));
    Files.writeString(folder.resolve("config.json"), JsonWriter.pretty(config));
    return folder;
  }

  @Test
  void weightsComputeWhatThePeersDo() throws IOException {
    agree(without(format -> true), "plain_logits", 1e-5);
  }

  @Test
  void soDoRoundedInputsOfFp8AndNvfp4() throws IOException {
    Set<String> others = Set.of("int-quantized", "mxfp8-quantized");
    agree(without(others::contains), "some_logits", 1e-5);
  }

  /** The peer divides the largest of a token by 127.5, not 127, and rounds powers of two. */
  @Test
  void allInputsAreRoundedNearlyAsThere() {
    agree(FOLDER, "logits", 0.1);
  }
}

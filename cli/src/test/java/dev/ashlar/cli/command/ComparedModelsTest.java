package dev.ashlar.cli.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.io.json.Json;
import dev.ashlar.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models that are not quite the same, and such as are none. */
class ComparedModelsTest {
  @TempDir Path scratch;

  private Path changed(
      String fixture, String name, Map<String, Object> config, Map<String, Tensor> tensors)
      throws IOException {
    Path folder = Files.createDirectories(scratch.resolve(name));
    Map<String, Object> all =
        new LinkedHashMap<>(Json.readObject(FixtureFolders.copied(fixture).resolve("config.json")));
    all.putAll(config);
    FixtureFolders.write(folder, all, tensors);
    return folder;
  }

  /** Of a tied pair some files have both, as many published ones do, and copies have one. */
  @Test
  void aHeadThatIsTheEmbeddingMayBeThereOrNot() throws IOException {
    Map<String, Tensor> both = FixtureFolders.tensors(FixtureFolders.copied("llama"));
    both.put("lm_head.weight", both.get("model.embed_tokens.weight"));
    Map<String, Tensor> one = new LinkedHashMap<>(both);
    one.remove("lm_head.weight");
    Map<String, Object> tied = Map.of("tie_word_embeddings", true);
    Path stored = changed("llama", "both", tied, both);
    Path left = changed("llama", "one", tied, one);
    CommandRun.succeed("inspect", left, "--against", stored);
    CommandRun.succeed("inspect", stored, "--against", left);
    // One of its own is missed.
    both.put("lm_head.weight", Tensor.zeros(both.get("model.embed_tokens.weight").shape()));
    Path own = changed("llama", "own", Map.of(), both);
    assertEquals(1, CommandRun.of("inspect", left, "--against", own).status());
  }

  @Test
  void whatIsNoNumberComesFirst() throws IOException {
    Path model = FixtureFolders.copied("llama");
    Map<String, Tensor> tensors = FixtureFolders.tensors(model);
    String name = "model.layers.1.input_layernorm.weight";
    Arrays.fill(tensors.get(name).data(), Float.NaN);
    Path damaged = changed("llama", "nan", Map.of(), tensors);
    CommandRun run = CommandRun.of("inspect", damaged, "--against", model);
    assertEquals(1, run.status(), run.err());
    assertTrue(run.out().lines().toList().get(2).contains(name), run.out());
    assertTrue(run.out().contains("NaN or infinite: 64 elements"), run.out());
    assertTrue(run.out().contains("in 1 tensors"), run.out());
    assertEquals(1, CommandRun.of("inspect", model, "--against", damaged).status());
    CommandRun machine = CommandRun.of("inspect", damaged, "--against", model, "--json");
    assertEquals(1, machine.status(), machine.err());
    Map<String, Object> json = machine.json();
    assertEquals(false, json.get("finite"));
    assertEquals(true, json.get("complete"));
    tensors.get(name).data()[0] = Float.NEGATIVE_INFINITY;
    Arrays.fill(tensors.get(name).data(), 1, 64, 1);
    Path infinite = changed("llama", "infinite", Map.of(), tensors);
    assertEquals(1, CommandRun.of("inspect", infinite, "--against", infinite).status());
    for (Object tensor : (List<?>) json.get("tensors")) {
      Map<?, ?> values = (Map<?, ?>) tensor;
      boolean none = values.get("name").equals(name);
      assertEquals(none ? 64L : 0L, values.get("notFinite"), values + "");
      if (none) {
        assertNull(values.get("relativeError"));
        assertNull(values.get("cosine"));
      } else {
        assertEquals(0.0, ((Number) values.get("relativeError")).doubleValue());
      }
    }
  }

  /** What has not the shape that a family gives it is said in a sentence. */
  @Test
  void tensorsOfOtherShapesAreNamed() throws IOException {
    refused("gpt2_scale_by_layer", "c_attn.weight", t -> Tensor.of(t.data(), t.size()));
    refused("gpt2_scale_by_layer", "c_fc.weight", t -> Tensor.of(t.data(), t.size(), 1, 1));
    for (String part : List.of("experts.gate_up_proj", "experts.down_proj")) {
      refused("gpt_oss", part, t -> fewer(t));
      refused("gpt_oss", part + "_bias", t -> fewer(t));
    }
    refused("granitemoe", "input_linear.weight", t -> fewer(t));
    refused("granitemoe", "output_linear.weight", t -> fewer(t));
  }

  /** The same without the last of its outermost parts. */
  private static Tensor fewer(Tensor t) {
    long[] shape = t.shape().toArray();
    int each = t.size() / (int) shape[0];
    shape[0]--;
    return Tensor.of(Arrays.copyOf(t.data(), t.size() - each), shape);
  }

  private interface Change {
    Tensor of(Tensor tensor);
  }

  private void refused(String fixture, String part, Change change) throws IOException {
    Map<String, Tensor> tensors = FixtureFolders.tensors(FixtureFolders.copied(fixture));
    String name = tensors.keySet().stream().filter(n -> n.endsWith(part)).findFirst().orElseThrow();
    tensors.put(name, change.of(tensors.get(name)));
    Path folder = changed(fixture, fixture + part.replace('.', '-'), Map.of(), tensors);
    Path whole = FixtureFolders.copied(fixture);
    for (Object[] words :
        List.of(
            new Object[] {"inspect", folder},
            new Object[] {"inspect", folder, "--against", whole},
            new Object[] {"inspect", whole, "--against", folder})) {
      String message = CommandRun.refused(words);
      assertTrue(message.contains(name), message);
    }
  }
}

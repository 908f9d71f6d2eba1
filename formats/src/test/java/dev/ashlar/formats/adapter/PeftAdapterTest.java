package dev.ashlar.formats.adapter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.FaultyDisk;
import dev.ashlar.formats.safetensors.SafetensorsWriter;
import dev.ashlar.io.InputException;
import dev.ashlar.io.json.Json;
import dev.ashlar.io.json.JsonWriter;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Tensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Folders of PEFT's: what is read of them, and one sentence for whatever cannot be applied. */
class PeftAdapterTest {
  private static final String MODULE = "model.layers.1.self_attn.q_proj";

  @TempDir Path folder;

  @Test
  void whatIsWrittenIsRead() {
    write(factors(2));
    try (Adapter adapter = open()) {
      LowRank part = adapter.parts().getFirst();
      assertEquals(MODULE, part.module());
      assertEquals(2.5, part.scale());
      assertEquals(1, part.down().toTensor().data()[0]);
      assertEquals(2, part.up().toTensor().data()[0]);
      assertEquals("[2, 3]", part.down().shape().toString());
      assertEquals("[4, 2]", part.up().shape().toString());
    }
  }

  /** A disk that is full before all weights are there leaves what was there. */
  @Test
  void anAdapterThatCannotBeWrittenLeavesTheOldOne() throws IOException {
    write(factors(2));
    Map<String, byte[]> before = files();
    Map<String, PeftFolder.Factors> broken = factors(2);
    broken.put("x", new PeftFolder.Factors(null, null));
    assertThrows(NullPointerException.class, () -> write(broken));
    Map<String, byte[]> after = files();
    assertEquals(before.keySet(), after.keySet());
    before.forEach((name, bytes) -> assertTrue(Arrays.equals(bytes, after.get(name)), name));
  }

  private Map<String, byte[]> files() throws IOException {
    Map<String, byte[]> all = new HashMap<>();
    for (String name : List.of(PeftAdapter.CONFIG, PeftAdapter.WEIGHTS)) {
      all.put(name, Files.readAllBytes(folder.resolve(name)));
    }
    return all;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{}                                                       | 2.5",
        "{\"use_rslora\": true}                                   | 3.5355339",
        "{\"alpha_pattern\": {\"q_proj\": 1}}                     | 0.5",
        "{\"alpha_pattern\": {\"1.self_attn.q_proj\": 1}}         | 0.5",
        "{\"alpha_pattern\": {\"^model.layers.1.*q_proj\": 1}}    | 0.5",
        "{\"alpha_pattern\": {\"_proj\": 1, \"k_proj\": 3}}       | 2.5",
        "{\"alpha_pattern\": {\"[qk]_proj\": 1, \"q_proj\": 3}}   | 0.5",
        "{\"r\": 9, \"rank_pattern\": {\"q_proj\": 2}}            | 2.5",
      })
  void scalesAreWhatTheConfigurationSays(String changes, double scale) {
    write(factors(2));
    change(changes);
    try (Adapter adapter = open()) {
      assertEquals(scale, adapter.parts().getFirst().scale(), 1e-6);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"use_dora\": true}                 | use_dora: the adapter has DoRA",
        "{\"bias\": \"all\"}                  | bias: the adapter has trained biases",
        "{\"lora_bias\": true}                | lora_bias: the adapter has biases",
        "{\"modules_to_save\": [\"lm_head\"]} | modules_to_save: the adapter has modules that",
        "{\"peft_type\": \"IA3\"}             | peft_type: expected \"LORA\"",
        "{\"some_new_thing\": {\"a\": 1}}     | some_new_thing: the adapter has a setting that is",
        "{\"init_lora_weights\": \"pissa\"}   | init_lora_weights: 'pissa' changes the model's",
        "{\"r\": 3}                           | lora_A.weight: expected shape [3, inputs] but",
        "{\"r\": 0}                           | r: expected a whole number from 1",
        "{\"lora_alpha\": \"x\"}              | lora_alpha: expected a number but found",
        "{\"use_rslora\": 1}                  | use_rslora: expected true or false but found",
        "{\"rank_pattern\": 1}                | rank_pattern: expected an object but found",
        "{\"rank_pattern\": {\"(\": 1}}       | rank_pattern: '(' is no regular expression",
        "{\"rank_pattern\": {\"q_proj\": 0}}  | rank_pattern: expected a whole number from 1",
      })
  void whatCannotBeAppliedIsRefusedByName(String changes, String sentence) {
    write(factors(2));
    change(changes);
    refused(sentence);
  }

  @Test
  void settingsThatAreOffAreNot() {
    write(factors(2));
    change(
        "{\"some_new_thing\": null, \"another\": false, \"third\": [], \"fourth\": {},"
            + " \"init_lora_weights\": \"gaussian\", \"lora_dropout\": 0.1}");
    open().close();
  }

  @Test
  void tensorsThatAreNoFactorsAreRefused() {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put("base_model.model.model.embed_tokens.lora_embedding_A", Tensor.zeros(2, 3));
    weights(tensors);
    refused("lora_embedding_A: expected a factor of a linear map");
    tensors.clear();
    tensors.put("base_model.model." + MODULE + ".lora_A.weight", Tensor.zeros(2, 3));
    weights(tensors);
    refused("expected both factors of " + MODULE + " but found lora_A alone");
    tensors.put("base_model.model." + MODULE + ".lora_B.weight", Tensor.zeros(4, 3));
    weights(tensors);
    refused("lora_B.weight: expected shape [outputs, 2] but found shape [4, 3]");
    tensors.put("base_model.model." + MODULE + ".lora_B.weight", Tensor.zeros(8));
    weights(tensors);
    refused("lora_B.weight: expected shape [outputs, 2] but found shape [8]");
    tensors.put("base_model.model." + MODULE + ".lora_B.weight", Tensor.zeros(4, 2));
    tensors.put(MODULE + ".lora_B.other.weight", Tensor.zeros(4, 2));
    weights(tensors);
    refused("a second adapter for the same module");
    weights(Map.of());
    refused("there is no tensor in it");
  }

  /** State dictionaries saved by hand lack the wrapper's name and have the adapter's. */
  @Test
  void namesMayBeSpelledOtherwise() {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put(MODULE + ".lora_A.default.weight", Tensor.zeros(2, 3));
    tensors.put(MODULE + ".lora_B.default.weight", Tensor.zeros(4, 2));
    weights(tensors);
    try (Adapter adapter = open()) {
      assertEquals(MODULE, adapter.parts().getFirst().module());
    }
  }

  @Test
  void whatIsNoAdapterIsRefused() throws IOException {
    Path empty = Files.createDirectory(folder.resolve("empty"));
    refused(empty, "expected an adapter's adapter_config.json but found none");
    refused(folder.resolve("nowhere"), "no such file or folder");
    Path other = Files.writeString(folder.resolve("a.txt"), "x");
    refused(other, "found a file of another kind");
    write(factors(2));
    Files.move(folder.resolve("adapter_model.safetensors"), folder.resolve("adapter_model.bin"));
    refused(folder, "is a PyTorch pickle");
  }

  @Test
  void aFullDiskLeavesTheOldAdapterWhole() throws IOException {
    Path place = folder.resolve("adapter");
    PeftFolder.Settings old = new PeftFolder.Settings("old", 2, 5, List.of("q_proj"), false);
    PeftFolder.write(place, old, factors(2));
    Map<String, String> before = content(place);
    PeftFolder.Settings next = new PeftFolder.Settings("next", 3, 5, List.of("q_proj"), false);
    FaultyDisk roomy = new FaultyDisk(FaultyDisk.Fault.FULL, Long.MAX_VALUE);
    PeftFolder.write(roomy.path(folder.resolve("other")), next, factors(3));
    for (long room = 0; room < roomy.done(); room++) {
      Path full = new FaultyDisk(FaultyDisk.Fault.FULL, room).path(place);
      assertThrows(InputException.class, () -> PeftFolder.write(full, next, factors(3)));
      assertEquals(before, content(place), room + " of " + roomy.done());
    }
    PeftFolder.write(
        new FaultyDisk(FaultyDisk.Fault.FULL, roomy.done()).path(place), next, factors(3));
    assertEquals(content(folder.resolve("other")), content(place));
  }

  /** The bytes of all files in a folder, by name. */
  private static Map<String, String> content(Path place) throws IOException {
    Map<String, String> content = new LinkedHashMap<>();
    try (Stream<Path> files = Files.list(place)) {
      for (Path file : files.sorted().toList()) {
        content.put(
            file.getFileName().toString(), HexFormat.of().formatHex(Files.readAllBytes(file)));
      }
    }
    return content;
  }

  private static Map<String, PeftFolder.Factors> factors(int rank) {
    Tensor down = Tensor.zeros(rank, 3);
    Tensor up = Tensor.zeros(4, rank);
    Arrays.fill(down.data(), 1);
    Arrays.fill(up.data(), 2);
    Map<String, PeftFolder.Factors> all = new LinkedHashMap<>();
    all.put(MODULE, new PeftFolder.Factors(down, up));
    return all;
  }

  private void write(Map<String, PeftFolder.Factors> factors) {
    PeftFolder.write(folder, new PeftFolder.Settings("m", 2, 5, List.of("q_proj"), false), factors);
  }

  private void weights(Map<String, Tensor> tensors) {
    write(factors(2));
    try (SafetensorsWriter writer =
        SafetensorsWriter.toFile(folder.resolve("adapter_model.safetensors"), Map.of())) {
      tensors.forEach((name, t) -> writer.floats(name, DType.F32, t));
      writer.finish();
    }
  }

  private void change(String changes) {
    Path file = folder.resolve("adapter_config.json");
    Map<String, Object> config = new LinkedHashMap<>(Json.readObject(file));
    config.putAll(Json.parseObject(changes.getBytes(StandardCharsets.UTF_8), "x"));
    try {
      Files.writeString(file, JsonWriter.pretty(config));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private Adapter open() {
    return Adapters.open(folder, new HashMap<>(), m -> true);
  }

  private void refused(String sentence) {
    refused(folder, sentence);
  }

  private static void refused(Path path, String sentence) {
    InputException e =
        assertThrows(InputException.class, () -> Adapters.open(path, Map.of(), m -> true));
    assertTrue(e.getMessage().contains(sentence), e.getMessage());
    assertTrue(e.getMessage().startsWith(path.toString()), e.getMessage());
  }
}

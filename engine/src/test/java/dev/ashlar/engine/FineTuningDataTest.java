package dev.ashlar.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.engine.job.JobListener;
import dev.ashlar.engine.job.Stage;
import dev.ashlar.engine.model.AdaptedModules;
import dev.ashlar.engine.model.Model;
import dev.ashlar.formats.safetensors.SafetensorsFile;
import dev.ashlar.formats.safetensors.SafetensorsWriter;
import dev.ashlar.io.InputException;
import dev.ashlar.io.json.Json;
import dev.ashlar.io.json.JsonWriter;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.ActivationPrecision;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kv.KvPrecision;
import dev.ashlar.tuning.lora.LoraOptions;
import dev.ashlar.tuning.lora.LoraTraining;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.function.IntUnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What fine-tuning is given: texts of any length, models of several parts, wrong numbers. */
class FineTuningDataTest {
  private static final String CONFIG = "adapter_config.json";
  private static final String STATE = ".ashlar-finetune";

  @TempDir Path folder;

  /** Documents of lengths by their numbers. */
  private Path data(int count, IntUnaryOperator lengths) throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < count; i++) {
      int[] ids = Arrays.copyOf(Fixtures.tokens(count, 40).get(i), lengths.applyAsInt(i));
      lines.append("{\"input_ids\": ").append(Arrays.toString(ids)).append("}\n");
    }
    return Files.writeString(folder.resolve("data.jsonl"), lines);
  }

  private FineTuning tuning(Path model, Path data) {
    return FineTuning.of(model)
        .dataset(data.toString())
        .batch(3, 512)
        .rank(2, 4)
        .learningRate(1e-2)
        .steps(2)
        .into(folder.resolve("out"));
  }

  /** Hears everything. */
  private static final class Heard implements JobListener {
    private final List<String> notes = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();
    private final Map<String, List<Double>> stages = new LinkedHashMap<>();
    private String ends = "";

    @Override
    public void note(String sentence) {
      notes.add(sentence);
    }

    @Override
    public void warning(String sentence) {
      warnings.add(sentence);
    }

    @Override
    public boolean cancelled() {
      return !ends.isEmpty() && stages.containsKey(ends);
    }

    @Override
    public Stage begin(String label, double total) {
      List<Double> at = new ArrayList<>();
      stages.put(label, at);
      return (done, left, detail) -> at.add(done / total);
    }
  }

  /** Chats are shorter than a sequence may be, and are what adapters are trained on. */
  @Test
  void shortDocumentsAreTrainedOn() throws IOException {
    Heard heard = new Heard();
    FineTuned tuned =
        tuning(Fixtures.LLAMA, data(41, i -> i == 0 ? 1 : 3 + i % 17)).listener(heard).run();
    assertEquals(38, tuned.samples());
    assertEquals(2, tuned.heldOut());
    assertTrue(tuned.after() < tuned.before(), tuned.toString());
    assertEquals(1, heard.warnings.size(), heard.warnings.toString());
    assertTrue(
        heard.warnings.getFirst().contains("1 of 41 documents are left out"),
        heard.warnings.toString());
  }

  @Test
  void aLengthBeyondTheContextIsSaid() throws IOException {
    Heard heard = new Heard();
    int most;
    try (LanguageModel model = LanguageModel.open(Fixtures.LLAMA)) {
      most = model.contextLength();
    }
    tuning(Fixtures.LLAMA, data(8, i -> 20)).batch(2, most + 1).listener(heard).run();
    assertEquals(
        List.of("the model takes at most " + most + " tokens; --seqlen is " + most), heard.notes);
    InputException few =
        assertThrows(
            InputException.class,
            () ->
                tuning(Fixtures.LLAMA, data(8, i -> 20))
                    .batch(50, most + 1)
                    .into(folder.resolve("few"))
                    .run());
    assertTrue(few.getMessage().contains("7 samples of at most 20 tokens"), few.getMessage());
  }

  /** Measuring may be long: it tells how far it is, ends when asked, and is not done twice. */
  @Test
  void measuringCanBeWatchedEndedAndGoneOnFrom() throws IOException {
    Path data = data(30, i -> 12);
    Heard first = new Heard();
    first.ends = "held-out loss before";
    assertThrows(
        CancellationException.class,
        () -> tuning(Fixtures.LLAMA, data).evaluation(data.toString()).listener(first).run());
    assertFalse(Files.exists(folder.resolve("out")));
    Heard second = new Heard();
    second.ends = "held-out loss after";
    assertThrows(
        CancellationException.class,
        () -> tuning(Fixtures.LLAMA, data).evaluation(data.toString()).listener(second).run());
    List<Double> told = second.stages.get("held-out loss before");
    assertEquals(10, told.size());
    assertEquals(0.9, told.getLast(), 1e-9);
    Heard third = new Heard();
    tuning(Fixtures.LLAMA, data).evaluation(data.toString()).listener(third).run();
    assertEquals("going on behind step 2 of 2", third.notes.getLast());
    assertFalse(third.stages.containsKey("held-out loss before"));
  }

  /** Also in its only step, behind which nobody asks for another loss. */
  @Test
  void whatDivergesWritesNothing() throws IOException {
    Path out = folder.resolve("out");
    for (int steps : new int[] {1, 8}) {
      InputException e =
          assertThrows(
              InputException.class,
              () ->
                  tuning(Fixtures.LLAMA, data(8, i -> 20))
                      .rank(1, 9e8)
                      .targets("gate_proj", "up_proj", "down_proj")
                      .learningRate(9e8)
                      .steps(steps)
                      .run());
      assertTrue(e.getMessage().contains("take a smaller learning rate"), e.getMessage());
      assertFalse(Files.exists(out.resolve(CONFIG)));
      assertFalse(Files.exists(out.resolve(STATE)));
    }
  }

  /** It is the model then, and not the learning rate. */
  @Test
  void aModelWhoseOwnLossIsNoNumberIsSaidToBeDamaged() throws IOException {
    Path model = Files.createDirectory(folder.resolve("m"));
    Files.copy(Fixtures.LLAMA.resolve("config.json"), model.resolve("config.json"));
    try (SafetensorsFile from = SafetensorsFile.open(Fixtures.LLAMA.resolve("model.safetensors"));
        SafetensorsWriter to = SafetensorsWriter.inFolder(model)) {
      for (String name : from.names()) {
        Tensor t = from.tensor(name).toTensor();
        if (name.equals("lm_head.weight")) {
          Arrays.fill(t.data(), 3e38f);
        }
        to.floats(name, DType.F32, t);
      }
      to.finish();
    }
    InputException e =
        assertThrows(InputException.class, () -> tuning(model, data(8, i -> 20)).run());
    assertTrue(e.getMessage().contains("the model's own loss on held-out data is not a number"));
    assertFalse(Files.exists(folder.resolve("out")));
  }

  /** Before anything is computed. */
  @Test
  void batchesThatAreMoreThanAnArrayAreRefused() throws IOException {
    StringBuilder lines = new StringBuilder();
    String one = Arrays.toString(Fixtures.tokens(1, 100).getFirst());
    lines.append("{\"input_ids\": ").append(one).append("}\n");
    lines.append("{\"input_ids\": [5, 6]}\n".repeat(250_000));
    Path data = Files.writeString(folder.resolve("many.jsonl"), lines);
    InputException e =
        assertThrows(
            InputException.class, () -> tuning(Fixtures.LLAMA, data).batch(240_000, 100).run());
    assertTrue(
        e.getMessage().contains("batches of 240000 samples of 100 tokens are more than"),
        e.getMessage());
  }

  /** The names are those of the classes that load such a model; ends of names are in two parts. */
  @ParameterizedTest
  @CsvSource({
    "llama, llava, language_model., model.language_model.",
    "gemma3_text, gemma3, language_model., model.language_model.",
    "qwen2, qwen2_vl, '', model.language_model.",
    "llama, smolvlm, '', model.text_model.",
  })
  void partsOfAModelHaveTheNamesOfItsClasses(
      String fixture, String whole, String before, String prefix) throws IOException {
    Path inner = Fixtures.LLAMA.resolveSibling(fixture);
    Path model = Files.createDirectory(folder.resolve("m"));
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("model_type", whole);
    config.put("text_config", Json.readObject(inner.resolve("config.json")));
    Files.writeString(model.resolve("config.json"), JsonWriter.pretty(config));
    try (SafetensorsFile from = SafetensorsFile.open(inner.resolve("model.safetensors"));
        SafetensorsWriter to = SafetensorsWriter.inFolder(model)) {
      for (String name : from.names()) {
        to.floats(before + name, DType.F32, from.tensor(name).toTensor());
      }
      to.finish();
    }
    Path out = folder.resolve("out");
    IntUnaryOperator lengths = i -> 20;
    tuning(model, small(data(8, lengths))).targets("q_proj").run();
    List<String> expected = new ArrayList<>();
    try (SafetensorsFile adapter = SafetensorsFile.open(out.resolve("adapter_model.safetensors"))) {
      for (String name : adapter.names()) {
        assertTrue(name.startsWith("base_model.model." + prefix + "layers."), name);
        expected.add(name.replaceAll("^base_model\\.model\\.|\\.lora_[AB]\\.weight$", ""));
      }
    }
    Object targets = Json.readObject(out.resolve(CONFIG)).get("target_modules");
    assertEquals(
        expected.stream().distinct().sorted().toList(),
        ((List<?>) targets).stream().map(String::valueOf).sorted().toList());
    LanguageModel.open(model, ModelOptions.defaults().withAdapter(out)).close();
  }

  /** Ids that every tiny model has. */
  private static Path small(Path data) throws IOException {
    StringBuilder lines = new StringBuilder();
    for (String line : Files.readAllLines(data)) {
      List<?> ids = (List<?>) Json.parseObject(line.getBytes(), "line").get("input_ids");
      lines
          .append("{\"input_ids\": ")
          .append(ids.stream().map(id -> ((Long) id) % 60 + 3).toList())
          .append("}\n");
    }
    return Files.writeString(data, lines);
  }

  /** Targets may name the same maps, in any order. */
  @Test
  void targetsMayOverlap() throws IOException {
    Path data = data(8, i -> 20);
    tuning(Fixtures.LLAMA, data).targets("q_proj", "self_attn.q_proj", "q_proj").run();
    tuning(Fixtures.LLAMA, data).targets("q_proj").into(folder.resolve("one")).run();
    String weights = "adapter_model.safetensors";
    assertArrayEquals(
        Files.readAllBytes(folder.resolve("one").resolve(weights)),
        Files.readAllBytes(folder.resolve("out").resolve(weights)));
  }

  @Test
  void wrongNumbersAndOptionsWithoutEffectAreRefused() {
    FineTuning tuning = FineTuning.of(Fixtures.LLAMA);
    List<Runnable> wrong =
        List.of(
            () -> tuning.rank(0, 1),
            () -> tuning.rank((1 << 16) + 1, 1),
            () -> tuning.rank(1, 0),
            () -> tuning.rank(1, Double.NaN),
            () -> tuning.learningRate(-1),
            () -> tuning.learningRate(Double.POSITIVE_INFINITY),
            () -> tuning.steps(0),
            () -> tuning.epochs(0),
            () -> tuning.batch(0, 8),
            () -> tuning.batch(1, 1));
    for (Runnable set : wrong) {
      assertThrows(IllegalArgumentException.class, set::run);
    }
    ModelOptions options = ModelOptions.defaults();
    for (ModelOptions idle :
        List.of(
            options.withAdapter(Path.of("a")),
            options.withActivations(ActivationPrecision.INT8),
            options.withKvCache(KvPrecision.F16))) {
      assertThrows(IllegalArgumentException.class, () -> tuning.on(idle));
      assertThrows(IllegalArgumentException.class, () -> Quantization.of(Fixtures.LLAMA).on(idle));
    }
    tuning.on(options.withThreads(1).withBackend("reference"));
    String used = Backends.chosen().name();
    ModelOptions other = options.withBackend(used.equals("reference") ? "vector" : "reference");
    assertThrows(IllegalArgumentException.class, () -> Quantization.of(Fixtures.LLAMA).on(other));
    Quantization.of(Fixtures.LLAMA).on(options.withThreads(1).withBackend(used));
  }

  /** Whatever an embedding is made of: positions, projections, norms. */
  @Test
  void modelsOfAllFamiliesHaveIdentitiesOfTheirOwn() throws IOException {
    Set<String> found = new HashSet<>();
    int count = 0;
    try (Stream<Path> models = Files.list(Fixtures.LLAMA.getParent())) {
      for (Path path : models.filter(Files::isDirectory).toList()) {
        try (Model model = Model.open(path)) {
          String map =
              new AdaptedModules(model.spec(), model.checkpoint()).all().keySet().iterator().next();
          LoraOptions options = new LoraOptions(1, 1, 1, 1, 1e-3, 1, 1);
          Decoder frozen = Decoder.loadFrozen(model.spec(), model.checkpoint(), Backends.chosen());
          found.add(new LoraTraining(frozen, Set.of(map), options).identity().split(" ")[0]);
        }
        count++;
      }
    }
    assertTrue(count > 50, "only " + count);
    assertEquals(count, found.size());
  }

  /** Same codes and norms, another way to compute with them: another training. */
  @Test
  void aStateIsOfOneConfiguration() throws IOException {
    Path model = Fixtures.copy(Fixtures.LLAMA, folder.resolve("m"));
    Path data = data(30, i -> 12);
    Heard heard = new Heard();
    heard.ends = "training";
    assertThrows(CancellationException.class, () -> tuning(model, data).listener(heard).run());
    Path config = model.resolve("config.json");
    Map<String, Object> values = new LinkedHashMap<>(Json.readObject(config));
    values.put("rms_norm_eps", 1e-3);
    Files.writeString(config, JsonWriter.pretty(values));
    InputException other = assertThrows(InputException.class, () -> tuning(model, data).run());
    assertTrue(other.getMessage().contains("is the state of another training"));
  }
}

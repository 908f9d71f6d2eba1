package dev.ashlar.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.engine.job.JobListener;
import dev.ashlar.engine.job.Stage;
import dev.ashlar.engine.model.Model;
import dev.ashlar.formats.adapter.Adapter;
import dev.ashlar.formats.adapter.Adapters;
import dev.ashlar.formats.adapter.LowRank;
import dev.ashlar.formats.adapter.PeftFolder;
import dev.ashlar.formats.safetensors.SafetensorsFile;
import dev.ashlar.io.InputException;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.lora.LoraOptions;
import dev.ashlar.tuning.lora.LoraTraining;
import dev.ashlar.tuning.lora.TrainedFactors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Training of adapters: what PEFT and torch compute, the same bytes however it is run. */
class FineTuningTest {
  private static final Path ADAPTERS = Path.of("src/test/resources/adapters");
  private static final Path MODELS = Path.of("../nn/src/test/resources/models");

  /** Not among what is trained on. */
  private static final int[] HELD_OUT = Fixtures.tokens(31, 20).getLast();

  @TempDir Path folder;

  /** Losses, gradients and factors of PEFT under torch's AdamW. */
  @ParameterizedTest
  @CsvSource({"llama, llama, train, 8", "gpt2, gpt2_scale_by_layer, train_gpt2, 12"})
  void trainingIsPefts(String adapter, String base, String golden, double alpha) {
    try (SafetensorsFile expected =
            SafetensorsFile.open(ADAPTERS.resolve(golden + ".safetensors"));
        Model model = Model.open(MODELS.resolve(base))) {
      CalibrationSet samples = samples(expected);
      LoraTraining training =
          new LoraTraining(
              Decoder.loadFrozen(model.spec(), model.checkpoint(), Backends.chosen()),
              factors(ADAPTERS.resolve(adapter)),
              new LoraOptions(4, alpha, 4, samples.count(), 1e-2, 1, 1));
      float[] losses = expected.tensor("losses").toTensor().data();
      assertEquals(losses[0], training.loss(samples, done -> {}), 2e-5);
      assertEquals(losses[0], training.gradients(samples, 0, 1), 2e-5);
      for (Map.Entry<String, TrainedFactors> e : training.factors().entrySet()) {
        String name = "grad.base_model.model." + e.getKey();
        assertClose(expected, name + ".lora_A.weight", e.getValue().downGradient(), 1e-4);
        assertClose(expected, name + ".lora_B.weight", e.getValue().upGradient(), 1e-4);
      }
      List<Double> found = new ArrayList<>();
      training.run(samples, (done, loss) -> found.add(loss));
      for (int i = 0; i < losses.length; i++) {
        assertEquals(losses[i], found.get(i), 1e-4 * losses[i], "step " + i);
      }
      assertTrue(losses[3] < losses[0] - 0.1, "nothing is learned");
      for (Map.Entry<String, TrainedFactors> e : training.factors().entrySet()) {
        String name = "end.base_model.model." + e.getKey();
        // The first steps of Adam are signs: what is near zero may go the other way.
        assertClose(expected, name + ".lora_A.weight", e.getValue().down(), 5e-3);
        assertClose(expected, name + ".lora_B.weight", e.getValue().up(), 5e-3);
      }
    }
  }

  private static CalibrationSet samples(SafetensorsFile expected) {
    Tensor ids = expected.tensor("input_ids").toTensor();
    List<int[]> samples = new ArrayList<>();
    boolean[][] counted = new boolean[ids.dim(0)][ids.dim(1)];
    for (int i = 0; i < ids.dim(0); i++) {
      int[] row = new int[ids.dim(1)];
      for (int t = 0; t < row.length; t++) {
        row[t] = (int) ids.data()[i * row.length + t];
        counted[i][t] = true;
      }
      samples.add(row);
    }
    return CalibrationSet.of(samples, counted);
  }

  private static Map<String, TrainedFactors> factors(Path adapter) {
    Map<String, TrainedFactors> all = new LinkedHashMap<>();
    try (Adapter opened = Adapters.open(adapter, Map.of(), m -> true)) {
      for (LowRank part : opened.parts()) {
        all.put(part.module(), TrainedFactors.of(part.down().toTensor(), part.up().toTensor()));
      }
    }
    return all;
  }

  private static void assertClose(
      SafetensorsFile expected, String name, Tensor found, double tolerance) {
    float[] wanted = expected.tensor(name).toTensor().data();
    assertEquals(wanted.length, found.size());
    double largest = 0;
    for (float v : wanted) {
      largest = Math.max(largest, Math.abs(v));
    }
    assertArrayEquals(
        wanted, Arrays.copyOf(found.data(), found.size()), (float) (tolerance * largest), name);
  }

  /** What is written has the names, shapes and values of PEFT's own file. */
  @Test
  void whatIsWrittenIsAsPeftWrites() {
    Map<String, PeftFolder.Factors> all = new LinkedHashMap<>();
    factors(ADAPTERS.resolve("llama"))
        .forEach((name, f) -> all.put(name, new PeftFolder.Factors(f.down(), f.up())));
    PeftFolder.write(folder, new PeftFolder.Settings("llama", 4, 8, List.of("q_proj"), false), all);
    String file = "adapter_model.safetensors";
    try (SafetensorsFile ours = SafetensorsFile.open(folder.resolve(file));
        SafetensorsFile theirs = SafetensorsFile.open(ADAPTERS.resolve("llama").resolve(file))) {
      assertEquals(
          theirs.names().stream().sorted().toList(), ours.names().stream().sorted().toList());
      assertEquals(theirs.metadata(), ours.metadata());
      for (String name : theirs.names()) {
        assertTrue(theirs.tensor(name).sameAs(ours.tensor(name)), name);
      }
    }
  }

  private FineTuning tuning(Path model, Path out) throws IOException {
    Path data = folder.resolve("data.jsonl");
    StringBuilder lines = new StringBuilder();
    for (int[] ids : Fixtures.tokens(30, 20)) {
      lines.append("{\"input_ids\": ").append(Arrays.toString(ids)).append("}\n");
    }
    Files.writeString(data, lines);
    Path held =
        Files.writeString(
            folder.resolve("held.jsonl"), "{\"input_ids\": " + Arrays.toString(HELD_OUT) + "}\n");
    return FineTuning.of(model)
        .dataset(data.toString())
        .evaluation(held.toString())
        .batch(3, 20)
        .rank(4, 8)
        .learningRate(1e-2)
        .epochs(2)
        .into(out);
  }

  private static void assertSame(Path expected, Path found) throws IOException {
    Fixtures.assertSameFolder(expected, found);
  }

  @Test
  void packedFloatAnyThreadsAndInterrupted() throws IOException {
    Path packed = folder.resolve("packed");
    Fixtures.quick(packed).run();
    for (Path model : List.of(Fixtures.LLAMA, packed)) {
      Path one = folder.resolve(model.getFileName() + "-one");
      FineTuned tuned = Parallel.limited(1, () -> unchecked(() -> tuning(model, one).run()));
      assertEquals(20, tuned.steps());
      assertEquals(30, tuned.samples());
      assertEquals(1, tuned.heldOut());
      assertTrue(Double.isFinite(tuned.after()));
      Path two = folder.resolve(model.getFileName() + "-two");
      tuning(model, two).on(ModelOptions.defaults().withThreads(2)).run();
      assertSame(one, two);
      Path broken = folder.resolve(model.getFileName() + "-broken");
      for (int stop : new int[] {1, 7}) {
        assertThrows(
            CancellationException.class,
            () -> tuning(model, broken).listener(new EndsAfter(stop)).run());
        assertFalse(Files.exists(broken.resolve("adapter_config.json")));
      }
      InputException other =
          assertThrows(InputException.class, () -> tuning(model, broken).seed(7).run());
      assertTrue(other.getMessage().contains("is the state of another training"));
      FineTuned resumed = tuning(model, broken).run();
      assertEquals(tuned.before(), resumed.before());
      assertEquals(tuned.after(), resumed.after());
      assertSame(one, broken);
      assertReopened(model, one, tuned);
    }
  }

  /** The adapter is computed beside the model as it was in training: held-out data lose as much. */
  private static void assertReopened(Path model, Path adapter, FineTuned tuned) {
    try (Adapter opened = Adapters.open(adapter, Map.of(), m -> true);
        LanguageModel with =
            LanguageModel.open(model, ModelOptions.defaults().withAdapter(adapter))) {
      assertEquals(14, opened.parts().size());
      assertEquals(2, opened.parts().getFirst().scale());
      assertEquals(tuned.after(), loss(with, HELD_OUT), 1e-4);
      assertTrue(Math.abs(tuned.before() - tuned.after()) > 1e-3, tuned.toString());
    }
    try (LanguageModel without = LanguageModel.open(model)) {
      assertEquals(tuned.before(), loss(without, HELD_OUT), 1e-4);
    }
  }

  /** Mean negative log-likelihood of all tokens but the first, in nats. */
  private static double loss(LanguageModel model, int[] ids) {
    Decoder decoder = model.decoder(ids.length);
    Tape tape = Tape.off(decoder.backend());
    Tensor logits = decoder.forward(ids, BlockContext.of(1, ids.length), tape);
    int vocab = logits.dim(-1);
    double sum = 0;
    for (int t = 0; t + 1 < ids.length; t++) {
      double all = 0;
      for (int v = 0; v < vocab; v++) {
        all += Math.exp(logits.data()[t * vocab + v]);
      }
      sum += Math.log(all) - logits.data()[t * vocab + ids[t + 1]];
    }
    return sum / (ids.length - 1);
  }

  /** A text that repeats itself is learned, beside floats and beside codes. */
  @Test
  void whatRepeatsIsLearned() throws IOException {
    Path data = folder.resolve("repeated.jsonl");
    String line = "{\"input_ids\": " + Arrays.toString(Fixtures.tokens(1, 20).getFirst()) + "}\n";
    Files.writeString(data, line.repeat(12));
    Path packed = folder.resolve("packed");
    Fixtures.quick(packed).run();
    for (Path model : List.of(Fixtures.LLAMA, packed)) {
      FineTuned tuned =
          tuning(model, folder.resolve(model.getFileName() + "-r"))
              .dataset(data.toString())
              .evaluation(data.toString())
              .steps(40)
              .run();
      assertTrue(tuned.after() < 0.5 * tuned.before(), tuned.toString());
    }
  }

  @Test
  void mapsThatAreNotThereAreNamed() {
    InputException e =
        assertThrows(
            InputException.class,
            () -> tuning(Fixtures.LLAMA, folder.resolve("x")).targets("c_attn").run());
    assertTrue(
        e.getMessage()
            .contains("has no linear map 'c_attn' in its blocks; there are q_proj, k_proj"),
        e.getMessage());
    assertFalse(Files.exists(folder.resolve("x")));
  }

  @FunctionalInterface
  private interface Run<T> {
    T run() throws IOException;
  }

  private static <T> T unchecked(Run<T> run) {
    try {
      return run.run();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Asks for the end behind so many steps of a run. */
  private static final class EndsAfter implements JobListener {
    private int left;
    private boolean training;

    EndsAfter(int steps) {
      this.left = steps;
    }

    @Override
    public Stage begin(String label, double total) {
      training = label.equals("training");
      return Stage.SILENT;
    }

    @Override
    public boolean cancelled() {
      return training && --left <= 0;
    }
  }
}

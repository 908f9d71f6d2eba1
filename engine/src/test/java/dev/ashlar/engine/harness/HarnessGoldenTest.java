package dev.ashlar.engine.harness;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ashlar.engine.data.DatasetFiles;
import dev.ashlar.engine.evaluate.Figure;
import dev.ashlar.engine.evaluate.Measurement;
import dev.ashlar.engine.job.Stage;
import dev.ashlar.engine.model.Model;
import dev.ashlar.formats.hub.HubCache;
import dev.ashlar.io.json.Json;
import dev.ashlar.nn.decoder.InferenceOptions;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kv.KvPrecision;
import dev.ashlar.tuning.calibration.DatasetSpec;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * The demo model on small files of each task, held to what lm-eval 0.4.13 with transformers found
 * on the same files in float32: every log-likelihood, every generated text, every figure and
 * standard error. lm-eval makes a task of each subject of MMLU.
 */
class HarnessGoldenTest {
  private static final int ANSWER_TOKENS = 48;

  private static Model demo;

  @BeforeAll
  static void open() {
    demo = Model.open("demo");
  }

  @AfterAll
  static void close() {
    demo.close();
  }

  private static Path resource(String name) {
    try {
      return Path.of(HarnessGoldenTest.class.getResource("/harness/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static TaskRun run(int examples) {
    TaskRun.Asked asked =
        new TaskRun.Asked(
            demo.tokenizer(),
            demo.runner(InferenceOptions.defaults(), Backends.chosen()).runner(KvPrecision.F32),
            demo.contextLength(),
            demo.stopTokens());
    return new TaskRun(asked, new TaskRun.Options(0, examples, Optional.empty(), ANSWER_TOKENS));
  }

  @TestFactory
  Stream<DynamicTest> figuresAreTheHarnesss() {
    return Stream.of(0)
        .flatMap(
            examples -> {
              Map<String, Object> golden =
                  Json.readObject(resource("demo-" + examples + "-shot.json"));
              return golden.keySet().stream()
                  .map(
                      name ->
                          DynamicTest.dynamicTest(
                              name + ", " + examples + " examples",
                              () ->
                                  hold(name, examples, Json.asObject(golden.get(name), "golden"))));
            });
  }

  private static void hold(String name, int examples, Map<String, Object> golden) {
    boolean subject = name.startsWith("mmlu_");
    String task = subject ? "mmlu" : name;
    DatasetSpec spec = DatasetSpec.of(resource(task + ".jsonl").toString());
    QuestionSet all =
        QuestionSet.of(
            spec,
            TaskShape.named(task).orElseThrow(),
            QuestionSet.records(spec, new DatasetFiles(new HubCache(Path.of("none")))));
    String about = subject ? name.substring(5).replace('_', ' ') : "";
    List<Question> questions =
        all.questions().stream().filter(q -> q.description().contains(about)).toList();
    QuestionSet set = new QuestionSet(spec, all.shape(), questions);
    TaskRun run = run(examples);
    for (int i = 0; i < questions.size(); i++) {
      answers(run, questions, i, golden);
    }
    Measurement found = run.run(set, questions, Stage.SILENT);
    Json.asObject(golden.get("figures"), "figures")
        .forEach((figure, value) -> figure(found, figure, ((Number) value).doubleValue()));
  }

  private static void answers(
      TaskRun run, List<Question> questions, int i, Map<String, Object> golden) {
    String front = run.front(questions.get(i), questions);
    switch (questions.get(i)) {
      case Question.Choice choice -> {
        List<?> logs = (List<?>) ((List<?>) golden.get("logs")).get(i);
        for (int k = 0; k < logs.size(); k++) {
          near(
              ((Number) logs.get(k)).doubleValue(),
              run.likelihoods(front, choice).get(k).logLikelihood());
        }
      }
      case Question.LastWord word -> {
        List<?> logs = (List<?>) ((List<?>) golden.get("logs")).get(i);
        near(((Number) logs.getFirst()).doubleValue(), run.likelihood(front, word).logLikelihood());
      }
      case Question.Open open ->
          assertEquals(((List<?>) golden.get("texts")).get(i), run.answer(front, open));
    }
  }

  /** Both compute in float32, in another order. */
  private static void near(double expected, double found) {
    assertEquals(expected, found, 2e-3 + 2e-5 * Math.abs(expected));
  }

  private static void figure(Measurement found, String name, double expected) {
    boolean error = name.endsWith("_stderr");
    Figure figure = found.figures().get(error ? name.replace("_stderr", "") : name);
    double value = error ? figure.standardError().orElseThrow() : figure.value();
    // A perplexity's logarithm is a mean of log-likelihoods.
    double tolerance = name.startsWith("perplexity") ? 5e-3 * Math.abs(expected) : 1e-9;
    assertEquals(expected, value, tolerance, name);
  }
}

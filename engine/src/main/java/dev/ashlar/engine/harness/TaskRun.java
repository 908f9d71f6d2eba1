package dev.ashlar.engine.harness;

import dev.ashlar.engine.evaluate.Figure;
import dev.ashlar.engine.evaluate.Measurement;
import dev.ashlar.engine.job.Stage;
import dev.ashlar.nn.generate.Generator;
import dev.ashlar.nn.generate.Sampler;
import dev.ashlar.nn.runner.Runner;
import dev.ashlar.text.tokenizer.StreamDecoder;
import dev.ashlar.text.tokenizer.Tokenizer;
import dev.ashlar.tuning.quality.ContinuationScorer;
import dev.ashlar.tuning.quality.ContinuationScorer.Likelihood;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Asks a model the questions of a data set and counts, with the conventions of the Language Model
 * Evaluation Harness, so that figures compare with its own.
 */
public final class TaskRun {
  /**
   * How questions are asked.
   *
   * @param limit questions of each data set at most; 0 for all
   * @param examples answered questions in front of each: the first of the data set, or of others
   * @param opening whether the token that opens texts goes in front; empty for as the tokenizer
   *     does
   * @param maxTokens of a generated answer
   */
  public record Options(int limit, int examples, Optional<Boolean> opening, int maxTokens) {}

  /**
   * The model.
   *
   * @param context tokens that it takes
   * @param stops tokens that end its answers
   */
  public record Asked(Tokenizer tokenizer, Runner runner, int context, Set<Integer> stops) {}

  private final Asked model;
  private final Options options;
  private final PairEncoder encoder;
  private final ContinuationScorer scorer;

  public TaskRun(Asked model, Options options) {
    this.model = model;
    this.options = options;
    this.encoder = new PairEncoder(model.tokenizer(), options.opening());
    this.scorer = new ContinuationScorer(model.runner(), model.context());
  }

  /**
   * Asks all questions.
   *
   * @param pool answered questions to choose examples from
   */
  public Measurement run(QuestionSet set, List<Question> pool, Stage stage) {
    long start = System.nanoTime();
    int limit = set.spec().num().orElse(options.limit());
    int count = set.questions().size();
    List<Question> asked = set.questions().subList(0, limit > 0 ? Math.min(limit, count) : count);
    Tally tally = new Tally();
    for (int i = 0; i < asked.size(); i++) {
      Question question = asked.get(i);
      String front = front(question, pool);
      switch (question) {
        case Question.Choice choice -> choose(front, choice, set.shape(), tally);
        case Question.LastWord word -> predict(front, word, tally);
        case Question.Open open -> generate(front, open, tally);
      }
      stage.at((i + 1.0) / asked.size(), tally.shown());
    }
    Map<String, Long> counts = new LinkedHashMap<>();
    counts.put("questions", (long) asked.size());
    counts.put("fewshot", (long) options.examples());
    return new Measurement(
        set.spec().name(),
        set.shape().name(),
        tally.figures(),
        counts,
        Duration.ofNanos(System.nanoTime() - start));
  }

  /** The description, and the first examples that are not the question itself. */
  String front(Question question, List<Question> pool) {
    StringBuilder text = new StringBuilder(question.description());
    int n = 0;
    for (Question example : pool) {
      if (n == options.examples()) {
        break;
      }
      if (!example.equals(question) && example.description().equals(question.description())) {
        text.append(example.example()).append("\n\n");
        n++;
      }
    }
    return text.toString();
  }

  private void choose(String front, Question.Choice choice, TaskShape shape, Tally tally) {
    List<Likelihood> found = likelihoods(front, choice);
    double[] sums = found.stream().mapToDouble(Likelihood::logLikelihood).toArray();
    double[] normalized = new double[sums.length];
    for (int i = 0; i < sums.length; i++) {
      String text = choice.choices().get(i);
      normalized[i] = sums[i] / text.codePointCount(0, text.length());
    }
    tally.add("acc", largest(sums) == choice.gold());
    if (shape.normalized()) {
      tally.add("acc_norm", largest(normalized) == choice.gold());
    }
  }

  /** How likely each choice is behind {@code front}; the context is read once if it is the same. */
  List<Likelihood> likelihoods(String front, Question.Choice choice) {
    List<PairEncoder.Pair> pairs = new ArrayList<>();
    for (int i = 0; i < choice.contexts().size(); i++) {
      pairs.add(encoder.encode(front + choice.contexts().get(i), choice.continuations().get(i)));
    }
    if (choice.contexts().stream().distinct().count() == 1) {
      List<int[]> ends = pairs.stream().map(PairEncoder.Pair::continuation).toList();
      return scorer.score(pairs.getFirst().context(), ends);
    }
    List<Likelihood> found = new ArrayList<>();
    pairs.forEach(p -> found.addAll(scorer.score(p.context(), List.of(p.continuation()))));
    return found;
  }

  private static int largest(double[] values) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      best = values[i] > values[best] ? i : best;
    }
    return best;
  }

  /** How likely the word is. */
  Likelihood likelihood(String front, Question.LastWord word) {
    PairEncoder.Pair pair = encoder.encode(front + word.context(), word.word());
    return scorer.score(pair.context(), List.of(pair.continuation())).getFirst();
  }

  private void predict(String front, Question.LastWord word, Tally tally) {
    Likelihood found = likelihood(front, word);
    tally.log(found.logLikelihood());
    tally.add("acc", found.greedy());
  }

  /** What the model answers, up to where the next question would begin. */
  String answer(String front, Question.Open open) {
    int[] ids = encoder.text(front + open.context());
    int most = Math.max(1, model.context() - options.maxTokens());
    int[] prompt = Arrays.copyOfRange(ids, Math.max(0, ids.length - most), ids.length);
    StreamDecoder stream = model.tokenizer().stream();
    StringBuilder text = new StringBuilder();
    Generator generator = new Generator(model.runner(), Sampler.greedy(), model.context());
    generator.generate(
        prompt,
        options.maxTokens(),
        model.stops(),
        id -> {
          text.append(stream.push(id));
          return ExactMatch.STOPS.stream().noneMatch(s -> text.indexOf(s) >= 0);
        });
    text.append(stream.flush());
    return ExactMatch.cut(text.toString(), ExactMatch.STOPS);
  }

  private void generate(String front, Question.Open open, Tally tally) {
    String answer = answer(front, open);
    if (open.answer().contains(ExactMatch.MARK)) {
      tally.add("exact_match_strict", ExactMatch.strict(answer, open.answer()));
      tally.add("exact_match_flexible", ExactMatch.flexible(answer, open.answer()));
    } else {
      tally.add("exact_match", ExactMatch.whole(answer, open.answer()));
    }
  }

  /** What was counted so far. */
  private static final class Tally {
    private final Map<String, List<Double>> right = new LinkedHashMap<>();
    private final List<Double> logs = new ArrayList<>();

    void add(String figure, boolean correct) {
      right.computeIfAbsent(figure, f -> new ArrayList<>()).add(correct ? 1.0 : 0.0);
    }

    void log(double likelihood) {
      logs.add(likelihood);
    }

    String shown() {
      Map.Entry<String, List<Double>> first = right.entrySet().iterator().next();
      return first.getKey()
          + " "
          + Math.round(1000 * StandardErrors.mean(array(first.getValue()))) / 1e3;
    }

    Map<String, Figure> figures() {
      Map<String, Figure> figures = new LinkedHashMap<>();
      if (!logs.isEmpty()) {
        double[] values = array(logs);
        figures.put(
            "perplexity",
            Figure.of(Math.exp(-StandardErrors.mean(values)), StandardErrors.ofPerplexity(values)));
      }
      right.forEach(
          (name, list) -> {
            double[] values = array(list);
            figures.put(
                name, Figure.of(StandardErrors.mean(values), StandardErrors.ofMean(values)));
          });
      return figures;
    }

    private static double[] array(List<Double> list) {
      return list.stream().mapToDouble(v -> v).toArray();
    }
  }
}

package dev.ashlar.engine;

import dev.ashlar.engine.data.DatasetFiles;
import dev.ashlar.engine.device.Lease;
import dev.ashlar.engine.device.Workload;
import dev.ashlar.engine.evaluate.Figure;
import dev.ashlar.engine.evaluate.Measurement;
import dev.ashlar.engine.harness.Assignment;
import dev.ashlar.engine.harness.Assignments;
import dev.ashlar.engine.harness.EvaluationText;
import dev.ashlar.engine.harness.QuestionSet;
import dev.ashlar.engine.harness.TaskRun;
import dev.ashlar.engine.job.Faults;
import dev.ashlar.engine.job.JobListener;
import dev.ashlar.engine.job.Stage;
import dev.ashlar.io.InputException;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.generate.NotFiniteException;
import dev.ashlar.tuning.MemoryLimit;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.quality.BlockwiseEvaluation;
import dev.ashlar.tuning.quality.LogitComparison;
import dev.ashlar.tuning.quality.Perplexity;
import dev.ashlar.tuning.quality.WindowListener;
import dev.ashlar.tuning.walk.ActivationStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * Measures an open model on data sets: set what differs from the defaults, then {@link #on}.
 * Running text gives perplexity; records of known tasks, recognized by their fields, give accuracy
 * with the conventions of the Language Model Evaluation Harness.
 *
 * {@snippet :
 * Evaluation.of(model).window(512).limit(40).on("wikitext2-test.txt,arc.jsonl:num=100");
 * }
 */
public final class Evaluation {
  private static final int ANSWER_TOKENS = 256;

  /** Bytes of a reference's hidden states that may lie in the heap; more lie in a file. */
  private static final long IN_HEAP = 1L << 30;

  /** Tokens of answers that go on behind one question, beside it. */
  private static final int FORKS = 2048;

  /** Tokens of a question with its answers, about, where a device is weighed against others. */
  private static final int QUESTION = 100;

  private final LanguageModel model;
  private Optional<LanguageModel> reference = Optional.empty();
  private Set<String> tasks = Set.of();
  private int window = 2048;
  private int limit;
  private int examples;
  private Optional<String> exampleData = Optional.empty();
  private Optional<Boolean> openingToken = Optional.empty();
  private int answerTokens = ANSWER_TOKENS;
  private JobListener listener = JobListener.SILENT;

  private Evaluation(LanguageModel model) {
    this.model = model;
  }

  /** Of an open model, which stays open. */
  public static Evaluation of(LanguageModel model) {
    return new Evaluation(model);
  }

  /**
   * Compares the model's predictions with another's, which should be the float one it came from.
   */
  public Evaluation reference(LanguageModel floats) {
    this.reference = Optional.of(floats);
    return this;
  }

  /**
   * Measures these tasks instead of what the data sets' records are: {@code perplexity}, {@code
   * kl}, {@code lambada}, {@code arc} and the others of {@code ashlar eval --help}.
   *
   * @throws IllegalArgumentException if there is no such task
   */
  public Evaluation tasks(String... names) {
    Set<String> chosen = new LinkedHashSet<>();
    for (String name : names) {
      chosen.add(Assignments.task(name));
    }
    this.tasks = chosen;
    return this;
  }

  /**
   * Tokens of a window of perplexity, or as many as the model takes; 2048 unless this is called.
   */
  public Evaluation window(int tokens) {
    this.window = atLeast(2, "a window's tokens", tokens);
    return this;
  }

  /**
   * Windows or questions of each data set at most, unless it says itself; 0, for all, unless this
   * is called.
   */
  public Evaluation limit(int count) {
    this.limit = atLeast(0, "the limit", count);
    return this;
  }

  /** Answered questions in front of each, the data set's first; none unless this is called. */
  public Evaluation fewshot(int count) {
    this.examples = atLeast(0, "the number of examples", count);
    return this;
  }

  /** The same, from another data set of the same kind. */
  public Evaluation fewshot(int count, String dataset) {
    this.exampleData = Optional.of(dataset);
    return fewshot(count);
  }

  /**
   * Whether the token that opens texts goes in front of questions; as the tokenizer does unless
   * this is called.
   */
  public Evaluation openingToken(boolean wanted) {
    this.openingToken = Optional.of(wanted);
    return this;
  }

  /** Tokens of a generated answer at most; 256 unless this is called. */
  public Evaluation answerTokens(int count) {
    this.answerTokens = atLeast(1, "an answer's tokens", count);
    return this;
  }

  /** Hears how the measuring goes, on the thread that measures. */
  public Evaluation listener(JobListener hears) {
    this.listener = hears;
    return this;
  }

  private static int atLeast(int least, String what, int value) {
    if (value < least) {
      throw new IllegalArgumentException(what + " must be at least " + least + ": " + value);
    }
    return value;
  }

  /**
   * Measures on the data sets that a user names: {@code name[:option]…}, with commas between. Names
   * are files, or data sets in the local hub cache.
   *
   * @return a measurement for each data set and task, in that order
   * @throws dev.ashlar.io.AshlarException if a data set is not there, cannot be read, or is too
   *     short
   * @throws IllegalArgumentException if divergence is asked for without a reference
   */
  public List<Measurement> on(String datasets) {
    if (tasks.contains(Assignments.KL) && reference.isEmpty()) {
      throw new IllegalArgumentException(
          Assignments.KL + " compares with a float model: name it as the reference");
    }
    if (reference.isPresent()) {
      model.running.requireProcessor("models are compared");
    }
    DatasetFiles files = DatasetFiles.ofMachine();
    List<Assignment> all = Assignments.read(datasets, tasks, files);
    List<QuestionSet> pools =
        exampleData.map(name -> Assignments.read(name, Set.of(), files)).orElse(List.of()).stream()
            .filter(QuestionSet.class::isInstance)
            .map(QuestionSet.class::cast)
            .toList();
    boolean texts = all.stream().anyMatch(EvaluationText.class::isInstance);
    if (reference.isPresent() && !texts) {
      listener.warning("the reference has no effect: no data set is running text");
    }
    if (texts) {
      reference.ifPresent(this::requireComparable);
    }
    int length = texts ? length() : window;
    // Faults of all texts show before one is measured.
    List<Supplier<Measurement>> measuring = new ArrayList<>();
    for (Assignment a : all) {
      measuring.add(
          switch (a) {
            case EvaluationText text -> {
              text.idle().ifPresent(listener::warning);
              int[] ids = ids(text, length);
              yield () -> perplexity(text, ids, length);
            }
            case QuestionSet set -> () -> answers(set, pools);
          });
    }
    return Faults.translated(() -> measuring.stream().map(Supplier::get).toList());
  }

  private void requireComparable(LanguageModel floats) {
    try {
      LogitComparison.requireSameVocabulary(floats.model.spec(), model.model.spec());
    } catch (IllegalArgumentException e) {
      throw new InputException(
          floats.path() + ": is no reference for this model: " + e.getMessage(), e);
    }
  }

  private int length() {
    int length = Math.min(window, model.contextLength());
    if (length < window) {
      listener.warning("the model takes at most " + length + " tokens; --seqlen is " + length);
    }
    return length;
  }

  private int[] ids(EvaluationText text, int length) {
    int[] tokens = text.ids(model.model);
    if (tokens.length < length) {
      throw new InputException(
          text.name()
              + ": "
              + tokens.length
              + " tokens are fewer than one window of "
              + length
              + "; give more text or a smaller --seqlen");
    }
    return tokens;
  }

  private Measurement answers(QuestionSet set, List<QuestionSet> pools) {
    QuestionSet pool = pools.stream().filter(p -> p.shape() == set.shape()).findFirst().orElse(set);
    if (exampleData.isPresent() && pool == set) {
      throw new InputException(
          exampleData.get() + ": has no questions like those of " + set.spec().name());
    }
    int context = model.contextLength();
    int count = set.questions().size();
    Workload work = new Workload((long) QUESTION * (limit > 0 ? Math.min(limit, count) : count), 0);
    long tokens = (long) model.running.openEnded(context, work) + FORKS;
    try (Stage stage = listener.begin(set.task() + ", " + set.spec().name(), 1);
        Lease lease = model.running.lease(Integer.MAX_VALUE, tokens, work)) {
      TaskRun.Options how = new TaskRun.Options(limit, examples, openingToken, answerTokens);
      return model.options.run(
          () -> new TaskRun(asked(lease), how).run(set, pool.questions(), stage));
    }
  }

  private TaskRun.Asked asked(Lease lease) {
    return new TaskRun.Asked(
        model.tokenizer(), lease.runner(), model.contextLength(), model.model.stopTokens());
  }

  private Measurement perplexity(EvaluationText text, int[] ids, int length) {
    long start = System.nanoTime();
    int most = text.windows(limit);
    Map<String, Figure> figures = new LinkedHashMap<>();
    Perplexity p;
    if (reference.isEmpty()) {
      p = alone(text, ids, length, most);
      figures.put(Assignments.PERPLEXITY, Figure.of(p.value(), p.standardError()));
    } else {
      p = compared(text, ids, length, most, figures);
    }
    if (Double.isNaN(p.value())) {
      throw new NotFiniteException("the logits");
    }
    Map<String, Long> counts = new LinkedHashMap<>();
    counts.put("seqlen", (long) length);
    counts.put("windows", (long) p.windows());
    counts.put("tokens", p.tokens());
    Duration time = Duration.ofNanos(System.nanoTime() - start);
    return new Measurement(text.name(), Assignments.PERPLEXITY, figures, counts, time);
  }

  private Perplexity alone(EvaluationText text, int[] ids, int length, int most) {
    try (Stage stage = listener.begin(Assignments.PERPLEXITY + ", " + text.name(), 1)) {
      WindowListener at =
          (done, all, value) ->
              stage.at((double) done / all, String.format(Locale.ROOT, "%.3f", value));
      return model.evaluate(ids, length, most, at);
    }
  }

  private Perplexity compared(
      EvaluationText text, int[] ids, int length, int most, Map<String, Figure> figures) {
    try (BlockwiseEvaluation walk =
        new BlockwiseEvaluation(
            ids, length, most, ActivationStore.heapUpTo(IN_HEAP, MemoryLimit.none().folder()))) {
      Perplexity original;
      try (Stage stage = listener.begin("reference, " + text.name(), walk.windows())) {
        original =
            model.options.run(
                () -> walk.reference(reference.get().measured(), d -> stage.at(d, "")));
      }
      Decoder measured = model.measured();
      BlockwiseEvaluation.Quality q;
      try (Stage stage = listener.begin("comparison, " + text.name(), walk.windows())) {
        q = model.options.run(() -> walk.of(measured, present(measured), d -> stage.at(d, "")));
      }
      Perplexity p = q.perplexity();
      LogitComparison c = q.comparison().orElseThrow();
      figures.put(Assignments.PERPLEXITY, Figure.of(p.value(), p.standardError()));
      figures.put("reference_perplexity", Figure.of(original.value(), original.standardError()));
      figures.put("kl_divergence", Figure.of(c.klDivergence(), c.klStandardError()));
      figures.put("top_agreement", Figure.of(c.topAgreement(), c.topStandardError()));
      return p;
    }
  }

  /** Blocks are loaded from the source one by one, unless their codes are in memory only. */
  private UnaryOperator<Unit> present(Decoder decoder) {
    if (model.converted.isEmpty()) {
      return unit -> unit;
    }
    Map<String, Unit> blocks = new HashMap<>();
    for (int i = 0; i < decoder.blockCount(); i++) {
      blocks.put(decoder.block(i).name(), Unit.of(List.of(decoder.block(i))));
    }
    return unit -> blocks.getOrDefault(unit.name(), unit);
  }
}

package dev.ashlar.engine.harness;

import dev.ashlar.engine.data.DatasetFiles;
import dev.ashlar.engine.job.Faults;
import dev.ashlar.io.InputException;
import dev.ashlar.tuning.calibration.DatasetSpec;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which data sets are measured how: by the tasks that were asked for, or by what their records are.
 */
public final class Assignments {
  /** Perplexity of running text. */
  public static final String PERPLEXITY = "perplexity";

  /** How far a model's predictions are from those of a float one, on running text. */
  public static final String KL = "kl";

  /** Names that the harness has for tasks whose records are alike. */
  private static final Map<String, String> OTHER_NAMES =
      Map.of(
          "arc_easy", "arc",
          "arc_challenge", "arc",
          "lambada_openai", "lambada",
          "lambada_standard", "lambada",
          "wikitext", PERPLEXITY);

  private Assignments() {}

  /** The tasks that there are. */
  public static List<String> tasks() {
    List<String> names = new ArrayList<>(List.of(PERPLEXITY, KL));
    TaskShape.ALL.forEach(s -> names.add(s.name()));
    return names;
  }

  /**
   * A task by its name here.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static String task(String name) {
    String own = OTHER_NAMES.getOrDefault(name, name);
    if (!tasks().contains(own)) {
      throw new IllegalArgumentException(
          "no task '" + name + "'; known tasks: " + String.join(", ", tasks()));
    }
    return own;
  }

  /**
   * Reads data sets.
   *
   * @param datasets as a user names them
   * @param tasks that were asked for; none to go by what the records are
   * @throws InputException if a data set goes with no task, or a task with no data set
   */
  public static List<Assignment> read(String datasets, Set<String> tasks, DatasetFiles files) {
    Set<String> idle = new LinkedHashSet<>(tasks);
    List<Assignment> all = new ArrayList<>();
    for (DatasetSpec spec : Faults.translated(() -> DatasetFiles.specs(datasets))) {
      List<Fields> records = QuestionSet.records(spec, files);
      if (tasks.isEmpty()) {
        all.add(recognized(spec, records, files));
        continue;
      }
      List<String> own =
          tasks.stream().filter(task -> fits(task, records, tasks.size() == 1)).toList();
      if (own.isEmpty()) {
        throw new InputException(
            spec.name() + ": holds nothing for " + String.join(", ", tasks) + "; name other tasks");
      }
      own.forEach(idle::remove);
      // Divergence and perplexity come from one pass.
      own.stream()
          .map(task -> isText(task) ? PERPLEXITY : task)
          .distinct()
          .forEach(task -> all.add(assigned(task, spec, records, files)));
    }
    if (!idle.isEmpty()) {
      throw new InputException("no data set is for " + String.join(", ", idle));
    }
    return all;
  }

  private static boolean fits(String task, List<Fields> records, boolean only) {
    if (isText(task)) {
      return only || records.isEmpty() || TaskShape.of(records.getFirst()).isEmpty();
    }
    TaskShape shape = TaskShape.named(task).orElseThrow();
    return !records.isEmpty() && (only || shape.fits(records.getFirst()));
  }

  private static boolean isText(String task) {
    return task.equals(PERPLEXITY) || task.equals(KL);
  }

  private static Assignment assigned(
      String task, DatasetSpec spec, List<Fields> records, DatasetFiles files) {
    return isText(task)
        ? text(spec, files)
        : checked(QuestionSet.of(spec, TaskShape.named(task).orElseThrow(), records));
  }

  private static Assignment recognized(DatasetSpec spec, List<Fields> records, DatasetFiles files) {
    Optional<QuestionSet> questions = QuestionSet.recognized(spec, records);
    return questions.isPresent() ? checked(questions.get()) : text(spec, files);
  }

  private static EvaluationText text(DatasetSpec spec, DatasetFiles files) {
    return new EvaluationText(spec, files.read(spec));
  }

  private static QuestionSet checked(QuestionSet set) {
    if (set.spec().concat() || set.spec().chatTemplate()) {
      throw new InputException(
          set.spec().name()
              + ": holds questions of "
              + set.shape().name()
              + ", which are neither joined nor rendered; leave out "
              + (set.spec().concat() ? "concat" : "apply_chat_template"));
    }
    return set;
  }
}

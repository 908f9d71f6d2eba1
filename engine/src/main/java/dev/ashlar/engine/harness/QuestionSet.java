package dev.ashlar.engine.harness;

import dev.ashlar.engine.data.DatasetFiles;
import dev.ashlar.engine.data.JsonRecords;
import dev.ashlar.io.InputException;
import dev.ashlar.tuning.calibration.DatasetSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A data set whose records are questions.
 *
 * @param spec how it was asked for
 * @param shape what kind of questions
 * @param questions at least one
 */
public record QuestionSet(DatasetSpec spec, TaskShape shape, List<Question> questions)
    implements Assignment {
  public QuestionSet {
    questions = List.copyOf(questions);
  }

  /** What the questions are called. */
  public String task() {
    return shape.name();
  }

  /**
   * The records of a data set, unless it is text.
   *
   * @throws InputException if it is not there or cannot be read
   */
  static List<Fields> records(DatasetSpec spec, DatasetFiles files) {
    List<Fields> records = new ArrayList<>();
    for (Path file : files.files(spec)) {
      for (Map.Entry<String, Map<String, Object>> r : JsonRecords.read(file).entrySet()) {
        records.add(new Fields(r.getValue(), r.getKey()));
      }
    }
    return records;
  }

  /** Records as questions of the kind that their fields say, if there is one. */
  static Optional<QuestionSet> recognized(DatasetSpec spec, List<Fields> records) {
    return records.isEmpty()
        ? Optional.empty()
        : TaskShape.of(records.getFirst()).map(shape -> of(spec, shape, records));
  }

  /**
   * Records as questions of one kind.
   *
   * @throws InputException naming the first that is not
   */
  static QuestionSet of(DatasetSpec spec, TaskShape shape, List<Fields> records) {
    return new QuestionSet(spec, shape, records.stream().map(shape::read).toList());
  }
}

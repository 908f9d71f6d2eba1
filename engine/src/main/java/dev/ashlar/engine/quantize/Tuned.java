package dev.ashlar.engine.quantize;

import dev.ashlar.engine.job.Stage;
import dev.ashlar.tuning.RunReport;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What is left of the part of a run that has the float model.
 *
 * @param exports have all layers; to be finished and closed
 * @param unused tensors that are no part of the language model, by the names of the source
 * @param whole those that are written as they are
 * @param kept how many there are, by part
 */
record Tuned(
    Exports exports,
    Set<String> unused,
    Set<String> whole,
    TunedReference reference,
    RunReport report,
    Map<String, Integer> kept,
    Optional<Duration> estimate) {
  /** Writes the folders and reads them again. */
  List<Written> write(Stage stage) {
    try (exports) {
      exports.finish(unused);
      stage.at(0.5, "");
      return exports.verify(Optional.of(reference), whole);
    }
  }
}

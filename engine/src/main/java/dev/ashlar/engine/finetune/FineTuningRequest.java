package dev.ashlar.engine.finetune;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What a run of fine-tuning was asked for.
 *
 * @param model as a user names it
 * @param dataset data sets to train on
 * @param evaluation data sets to measure on; empty to keep some samples back
 * @param targets ends of names of maps; empty for all linear maps of blocks
 * @param steps of the optimizer; 0 to count epochs
 * @param epochs times through the data where steps are not counted
 * @param length tokens of a sequence
 * @param force whether what is in the output folder may be replaced
 */
public record FineTuningRequest(
    String model,
    String dataset,
    Optional<String> evaluation,
    Path output,
    int rank,
    double alpha,
    List<String> targets,
    double learningRate,
    int steps,
    int epochs,
    int batch,
    int length,
    long seed,
    boolean force) {
  public FineTuningRequest {
    targets = List.copyOf(targets);
  }
}

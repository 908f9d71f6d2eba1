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
  /** What is asked for where nothing is said. */
  public static FineTuningRequest of(String model) {
    return new FineTuningRequest(
        model,
        "",
        Optional.empty(),
        Path.of("adapter"),
        8,
        16,
        List.of(),
        2e-4,
        0,
        1,
        4,
        512,
        42,
        false);
  }

  /** The same on other data. */
  public FineTuningRequest withDataset(String spec) {
    return new FineTuningRequest(
        model,
        spec,
        evaluation,
        output,
        rank,
        alpha,
        targets,
        learningRate,
        steps,
        epochs,
        batch,
        length,
        seed,
        force);
  }

  /** The same measured on other data. */
  public FineTuningRequest withEvaluation(Optional<String> spec) {
    return new FineTuningRequest(
        model,
        dataset,
        spec,
        output,
        rank,
        alpha,
        targets,
        learningRate,
        steps,
        epochs,
        batch,
        length,
        seed,
        force);
  }

  /** The same into another folder. */
  public FineTuningRequest withOutput(Path folder) {
    return new FineTuningRequest(
        model,
        dataset,
        evaluation,
        folder,
        rank,
        alpha,
        targets,
        learningRate,
        steps,
        epochs,
        batch,
        length,
        seed,
        force);
  }

  /** The same with factors of another rank. */
  public FineTuningRequest withRank(int r, double a) {
    return new FineTuningRequest(
        model,
        dataset,
        evaluation,
        output,
        r,
        a,
        targets,
        learningRate,
        steps,
        epochs,
        batch,
        length,
        seed,
        force);
  }

  /** The same beside other maps. */
  public FineTuningRequest withTargets(List<String> names) {
    return new FineTuningRequest(
        model,
        dataset,
        evaluation,
        output,
        rank,
        alpha,
        List.copyOf(names),
        learningRate,
        steps,
        epochs,
        batch,
        length,
        seed,
        force);
  }

  /** The same at another rate. */
  public FineTuningRequest withLearningRate(double rate) {
    return new FineTuningRequest(
        model,
        dataset,
        evaluation,
        output,
        rank,
        alpha,
        targets,
        rate,
        steps,
        epochs,
        batch,
        length,
        seed,
        force);
  }

  /** The same for so many steps. */
  public FineTuningRequest withSteps(int n) {
    return new FineTuningRequest(
        model,
        dataset,
        evaluation,
        output,
        rank,
        alpha,
        targets,
        learningRate,
        n,
        epochs,
        batch,
        length,
        seed,
        force);
  }

  /** The same for so many times through the data. */
  public FineTuningRequest withEpochs(int n) {
    return new FineTuningRequest(
        model,
        dataset,
        evaluation,
        output,
        rank,
        alpha,
        targets,
        learningRate,
        0,
        n,
        batch,
        length,
        seed,
        force);
  }

  /** The same with other sequences. */
  public FineTuningRequest withBatch(int size, int tokens) {
    return new FineTuningRequest(
        model,
        dataset,
        evaluation,
        output,
        rank,
        alpha,
        targets,
        learningRate,
        steps,
        epochs,
        size,
        tokens,
        seed,
        force);
  }

  /** The same by another chance. */
  public FineTuningRequest withSeed(long other) {
    return new FineTuningRequest(
        model,
        dataset,
        evaluation,
        output,
        rank,
        alpha,
        targets,
        learningRate,
        steps,
        epochs,
        batch,
        length,
        other,
        force);
  }

  /** The same, replacing what is there or not. */
  public FineTuningRequest withForce(boolean replace) {
    return new FineTuningRequest(
        model,
        dataset,
        evaluation,
        output,
        rank,
        alpha,
        targets,
        learningRate,
        steps,
        epochs,
        batch,
        length,
        seed,
        replace);
  }
}

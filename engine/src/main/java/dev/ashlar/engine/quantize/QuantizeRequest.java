package dev.ashlar.engine.quantize;

import dev.ashlar.engine.job.JobListener;
import dev.ashlar.formats.export.ExportFormat;
import dev.ashlar.formats.export.ExportOptions;
import dev.ashlar.tuning.MemoryLimit;
import dev.ashlar.tuning.Methods;
import dev.ashlar.tuning.RunOptions;
import dev.ashlar.tuning.calibration.Calibration;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.plan.QuantizationPlan;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What is to be done, with every default settled.
 *
 * @param model as the user names it
 * @param plan which layers get which scheme
 * @param choice the method with its options
 * @param run how the model is walked through
 * @param calibration the data to tune on
 * @param output where the result goes
 * @param evaluation whether and on what perplexity is measured
 * @param memory what the run may take, which changes nothing of the result
 * @param automatic whether bits are chosen for each layer, which the plan then says less about
 * @param schemesOf the format from whose types schemes follow, of layers that no rule of the plan
 *     speaks of; empty where the plan says all
 * @param modelFree whether it goes from file to file without building the model
 */
public record QuantizeRequest(
    String model,
    QuantizationPlan plan,
    Method.Choice choice,
    RunOptions run,
    CalibrationRequest calibration,
    Output output,
    Optional<Evaluation> evaluation,
    MemoryLimit memory,
    Optional<AutomaticBits> automatic,
    Optional<ExportFormat> schemesOf,
    boolean modelFree) {
  /** One whose plan says all about bits. */
  public QuantizeRequest(
      String model,
      QuantizationPlan plan,
      Method.Choice choice,
      RunOptions run,
      CalibrationRequest calibration,
      Output output,
      Optional<Evaluation> evaluation,
      MemoryLimit memory) {
    this(
        model,
        plan,
        choice,
        run,
        calibration,
        output,
        evaluation,
        memory,
        Optional.empty(),
        Optional.empty(),
        false);
  }

  /**
   * The same without building the model.
   *
   * @throws IllegalArgumentException if something was asked for that needs it
   */
  public QuantizeRequest withoutModel() {
    if (quantizer().alone().isEmpty()) {
      throw impossible(
          "method "
              + method()
              + " does not take matrices by themselves, as "
              + Methods.BASELINE.name()
              + " does");
    }
    if (evaluation.isPresent()) {
      throw impossible("there is no model to measure perplexity with");
    }
    if (output.work().isPresent()) {
      throw impossible("there is no work folder, a run begins anew");
    }
    if (plan.namesFirstBlocks()) {
      throw impossible("the first blocks are not known from others");
    }
    if (automatic.isPresent()) {
      throw impossible("bits for each layer are chosen with the model");
    }
    return with(plan, automatic, schemesOf, true);
  }

  private QuantizeRequest with(
      QuantizationPlan layers,
      Optional<AutomaticBits> bits,
      Optional<ExportFormat> types,
      boolean fromFiles) {
    return new QuantizeRequest(
        model,
        layers,
        choice,
        run,
        calibration,
        output,
        evaluation,
        memory,
        bits,
        types,
        fromFiles);
  }

  private static IllegalArgumentException impossible(String reason) {
    return new IllegalArgumentException("model-free: " + reason);
  }

  /**
   * Does all of it; first says which of the method's options do nothing.
   *
   * @param listener hears how it goes
   * @throws dev.ashlar.io.InputException if something that was given cannot be used
   * @throws dev.ashlar.engine.job.RunException if weights or activations are not finite, or data or
   *     work folder do not fit
   */
  public QuantizeResult run(JobListener listener) {
    choice.method().idle(choice.options()).forEach(listener::warning);
    return modelFree
        ? new ModelFreeJob(this, listener).run()
        : new QuantizeJob(this, listener).run();
  }

  /** The same with what was chosen. */
  QuantizeRequest settled(QuantizationPlan chosen) {
    return with(chosen, Optional.empty(), Optional.empty(), modelFree);
  }

  /** Name of the method. */
  public String method() {
    return choice.method().name();
  }

  /** Whether the method, what inputs are rounded to, or a format depends on calibration data. */
  public boolean needsData() {
    return quantizer().needsInputs() || plan.needsInputRanges() || weighs() && calibration.named();
  }

  /** Whether a format rounds weights by what flows into layers, where there are data. */
  boolean weighs() {
    return output.formats().stream().anyMatch(ExportFormat::weighs);
  }

  /**
   * The method, made anew.
   *
   * @throws IllegalArgumentException if an option is unknown or has a wrong value
   */
  public BlockQuantizer quantizer() {
    return choice.create();
  }

  /**
   * Data to tune on.
   *
   * @param dataset data sets as the user names them; empty for the demo model's own text or, for
   *     other models, the built-in one
   * @param given data that the caller has read already, instead
   * @param samples how many
   * @param length tokens of each
   */
  public record CalibrationRequest(
      Optional<String> dataset, List<Calibration.Source> given, int samples, int length) {
    public CalibrationRequest {
      given = List.copyOf(given);
    }

    /** Whether the user has named any data. */
    public boolean named() {
      return dataset.isPresent() || !given.isEmpty();
    }

    /** Data that are read from where the user says. */
    public CalibrationRequest(Optional<String> dataset, int samples, int length) {
      this(dataset, List.of(), samples, length);
    }
  }

  /**
   * Where the result goes.
   *
   * @param folder holds the model, or a folder for each of several formats
   * @param formats at least one
   * @param overwrite whether what is in the folder may be replaced
   * @param work where finished blocks are kept; empty for a folder inside the output folder
   * @param restart whether finished blocks of an earlier, interrupted run are forgotten
   * @param publishedNames whether tensors keep the names of the family's own files; see {@link
   *     dev.ashlar.formats.export.ExportOptions}
   */
  public record Output(
      Path folder,
      List<ExportFormat> formats,
      boolean overwrite,
      Optional<Path> work,
      boolean restart,
      boolean publishedNames) {
    /** Under the names that most loaders have. */
    public Output(
        Path folder,
        List<ExportFormat> formats,
        boolean overwrite,
        Optional<Path> work,
        boolean restart) {
      this(folder, formats, overwrite, work, restart, false);
    }

    /** How each folder is written, where it may be overwritten or not. */
    ExportOptions options(boolean overwriting) {
      return ExportOptions.defaults().overwriting(overwriting).withPublishedNames(publishedNames);
    }
  }

  /**
   * Measuring perplexity.
   *
   * @param dataset data sets as the user names them; empty for the demo model's own text
   * @param given text that the caller has read already, instead
   * @param length tokens of each window
   * @param limit windows of each data set at most; 0 for all
   */
  public record Evaluation(
      Optional<String> dataset, Optional<String> given, int length, int limit) {
    /** Data sets that are read from where the user says. */
    public Evaluation(Optional<String> dataset, int length, int limit) {
      this(dataset, Optional.empty(), length, limit);
    }
  }
}

package dev.ashlar.formats.export;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.weights.WeightSource;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A kind of model folder that quantized weights can be written as. */
public interface ExportFormat {
  /** The name users know it by, for example {@code auto_gptq}. */
  String name();

  /** Who reads it, in one line; begins small and has no full stop. */
  String description();

  /**
   * Why this plan cannot be written in this format, in one sentence, or empty if it can. To be
   * asked before any tuning begins.
   */
  Optional<String> refusal(WeightSource source, ExportPlan plan);

  /**
   * Whether matrices may have more than integer codes with integer zero points: weights beside the
   * codes, groups with float minimums.
   */
  default boolean holdsOutliers() {
    return false;
  }

  /** Whether weights are rounded once more, and better where it is known what flows into them. */
  default boolean weighs() {
    return false;
  }

  /**
   * Whether this format decides what each matrix is stored as, whatever it was rounded to before:
   * then {@link #suiting} says which schemes lose least.
   */
  default boolean choosesTypes() {
    return false;
  }

  /**
   * Schemes that suit what linear maps are stored as, of a format that {@link #choosesTypes}: by
   * module name, the nearest first, an integer grid last. Maps that stay float have none.
   *
   * @param source has the tensors' names as {@link #create} wants them
   * @param plan as {@link #create} wants it; its schemes do not matter
   * @param shapes {@code [out, in]} of the maps that are asked about
   * @throws dev.ashlar.io.InputException if the model cannot be said in this format
   */
  default Map<String, List<QuantScheme>> suiting(
      Checkpoint source, ExportPlan plan, Map<String, Shape> shapes) {
    return Map.of();
  }

  /**
   * What a single layer gets that is to be of this format's type, of a format that {@link
   * #choosesTypes}: the first whose blocks divide its rows. Empty if layers cannot be given the
   * type one by one.
   */
  default List<QuantScheme> layerSchemes() {
    return List.of();
  }

  /** Whether weights are written packed, for loaders that replace a model's linear maps. */
  default boolean packs() {
    return true;
  }

  /**
   * Whether the tensors' names are taken as the family publishes them, even where weights are
   * packed and loaders of packed weights have others.
   */
  default boolean knowsPublishedNames() {
    return false;
  }

  /**
   * Where this format writes below the folder a user named.
   *
   * @param alone whether no other format is written by the same run
   */
  default Path place(Path output, boolean alone) {
    // A colon is not for folders of every system.
    return alone ? output : output.resolve(name().replace(':', '-'));
  }

  /**
   * Begins a model folder. Nothing can be taken for a model before {@code finish()}.
   *
   * @param folder created if absent
   * @param source the model that was quantized: its configuration, tokenizer and float types are
   *     carried over; it must stay open until the sink is finished
   * @throws IllegalArgumentException if {@link #refusal} names a reason
   * @throws dev.ashlar.io.InputException if the folder holds a model and {@code options} do not
   *     allow overwriting it, is the source itself, or cannot be written
   */
  ExportSink create(Path folder, Checkpoint source, ExportPlan plan, ExportOptions options);

  /**
   * Reads what was written again and holds it against the format's rules.
   *
   * @param written what {@link #place} gave, or what {@link ExportSink#ready()} did
   * @param kept tensors that are no part of the language model and so may be of any type
   * @throws dev.ashlar.io.InputException naming the first rule that is broken
   */
  ExportReport verify(Path written, Set<String> kept);

  /**
   * Makes what was written unreadable as a model: it turned out to be faulty. Nothing happens where
   * there is none.
   *
   * @param written what {@link #place} gave
   * @throws dev.ashlar.io.InputException if that is not possible
   */
  void withdraw(Path written);

  /**
   * Whether the model's configuration goes with the weights as it is. Of other formats a reader's
   * understanding is held against the model's.
   */
  default boolean keepsConfiguration() {
    return true;
  }
}

package dev.ashlar.tuning.method;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A finished unit, or a part of one.
 *
 * @param layers codes by complete module name, in the unit's order
 * @param tensors what else is no longer as it was (norms, biases, matrices that stay float), by
 *     complete checkpoint name, in the shape that the unit has it in
 * @param history how the tuning went, for methods that tune
 * @param figures what a report should say of this unit, by name
 */
public record UnitResult(
    Map<String, QuantizedMatrix> layers,
    Map<String, Tensor> tensors,
    Optional<TuningHistory> history,
    Map<String, Double> figures) {
  public UnitResult {
    layers = Collections.unmodifiableMap(new LinkedHashMap<>(layers));
    tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
    figures = Collections.unmodifiableMap(new LinkedHashMap<>(figures));
  }

  /** Codes and nothing else. */
  public static UnitResult of(Map<String, QuantizedMatrix> layers) {
    return new UnitResult(layers, Map.of(), Optional.empty(), Map.of());
  }

  /** The same with changed tensors in place of its own. */
  public UnitResult withTensors(Map<String, Tensor> changed) {
    return new UnitResult(layers, changed, history, figures);
  }

  /** The same for inputs rounded as the schemes of the layers say, by complete module name. */
  public UnitResult withInputs(Map<String, QuantScheme> schemes) {
    Map<String, QuantizedMatrix> rounding = new LinkedHashMap<>();
    layers.forEach(
        (name, q) -> {
          QuantScheme scheme = schemes.get(name);
          rounding.put(name, scheme == null ? q : q.withInputs(scheme.activations()));
        });
    return new UnitResult(rounding, tensors, history, figures);
  }

  /** The same for inputs rounded as those of {@code other}'s layers. */
  public UnitResult withInputsOf(UnitResult other) {
    Map<String, QuantizedMatrix> rounding = new LinkedHashMap<>();
    layers.forEach(
        (name, q) -> {
          QuantizedMatrix theirs = other.layers.get(name);
          rounding.put(name, theirs == null ? q : q.withInputs(theirs.inputs()));
        });
    return new UnitResult(rounding, tensors, history, figures);
  }

  /** The same with a history. */
  public UnitResult withHistory(TuningHistory tuned) {
    return new UnitResult(layers, tensors, Optional.of(tuned), figures);
  }

  /** The same with figures in place of its own. */
  public UnitResult withFigures(Map<String, Double> found) {
    return new UnitResult(layers, tensors, history, found);
  }

  /** Both; where both have something of one name, that of {@code later}. */
  public UnitResult and(UnitResult later) {
    Map<String, QuantizedMatrix> allLayers = new LinkedHashMap<>(layers);
    Map<String, Tensor> allTensors = new LinkedHashMap<>(tensors);
    Map<String, Double> allFigures = new LinkedHashMap<>(figures);
    allLayers.putAll(later.layers);
    allTensors.putAll(later.tensors);
    allFigures.putAll(later.figures);
    return new UnitResult(
        allLayers, allTensors, later.history.isPresent() ? later.history : history, allFigures);
  }

  /** The same with layers in the order of {@code names}, which holds all of them. */
  public UnitResult inOrderOf(Iterable<String> names) {
    Map<String, QuantizedMatrix> ordered = new LinkedHashMap<>();
    for (String name : names) {
      if (layers.containsKey(name)) {
        ordered.put(name, layers.get(name));
      }
    }
    return new UnitResult(ordered, tensors, history, figures);
  }
}

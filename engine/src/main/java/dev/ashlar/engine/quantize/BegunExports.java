package dev.ashlar.engine.quantize;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.LayerSink;
import dev.ashlar.tuning.method.Budget;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Exports that begin as soon as it is known what they record: at once, or, where numbers follow
 * from a time, with the first layer.
 */
final class BegunExports implements LayerSink, AutoCloseable {
  private final Function<Optional<Budget.Numbers>, Exports> begin;
  private Optional<Budget.Numbers> numbers = Optional.empty();
  private final boolean weighs;
  private Exports exports;

  /** What was heard before anything was begun. */
  private final Map<String, float[]> importance = new LinkedHashMap<>();

  /**
   * @param timed whether numbers are going to follow from a time
   * @param weighs whether a format wants to know what flows into layers
   */
  BegunExports(Function<Optional<Budget.Numbers>, Exports> begin, boolean timed, boolean weighs) {
    this.begin = begin;
    this.weighs = weighs;
    if (!timed) {
      exports();
    }
  }

  /** The numbers of a run that was given a time. */
  void settled(Budget.Numbers found) {
    numbers = Optional.of(found);
  }

  /** The exports, begun. */
  Exports exports() {
    if (exports == null) {
      exports = begin.apply(numbers);
      importance.forEach(exports::importance);
      importance.clear();
    }
    return exports;
  }

  @Override
  public boolean weighs() {
    return weighs;
  }

  /** Does not begin anything: numbers may still follow. */
  @Override
  public void importance(String module, float[] squares) {
    if (exports == null) {
      importance.put(module, squares);
    } else {
      exports.importance(module, squares);
    }
  }

  @Override
  public void quantized(String module, QuantizedMatrix tensor) {
    exports().quantized(module, tensor);
  }

  @Override
  public void changed(String name, Tensor tensor) {
    exports().changed(name, tensor);
  }

  @Override
  public void close() {
    if (exports != null) {
      exports.close();
    }
  }
}

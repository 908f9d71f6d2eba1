package dev.ashlar.engine.quantize;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.LayerSink;
import dev.ashlar.tuning.method.Budget;
import java.util.Optional;
import java.util.function.Function;

/**
 * Exports that begin as soon as it is known what they record: at once, or, where numbers follow
 * from a time, with the first layer.
 */
final class BegunExports implements LayerSink, AutoCloseable {
  private final Function<Optional<Budget.Numbers>, Exports> begin;
  private Optional<Budget.Numbers> numbers = Optional.empty();
  private Exports exports;

  /**
   * @param timed whether numbers are going to follow from a time
   */
  BegunExports(Function<Optional<Budget.Numbers>, Exports> begin, boolean timed) {
    this.begin = begin;
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
    }
    return exports;
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

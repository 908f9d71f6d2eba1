package dev.ashlar.tuning.method;

import dev.ashlar.nn.layer.Weight;
import dev.ashlar.nn.layer.WrappedWeight;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A weight that shows its inputs to somebody and is otherwise what it was.
 *
 * @param inner what is multiplied with
 * @param observer sees each input {@code [.., in]}, valid during the call only
 */
public record ObservedWeight(Weight inner, Consumer<Tensor> observer) implements WrappedWeight {
  /**
   * A new unit that shows inputs of its linear maps.
   *
   * @param observers by complete module name
   */
  public static Unit within(Unit unit, Map<String, ? extends Consumer<Tensor>> observers) {
    return unit.mapWeights(
        (name, weight) -> {
          Consumer<Tensor> observer = observers.get(name);
          return observer == null ? weight : new ObservedWeight(weight, observer);
        });
  }

  @Override
  public Tensor multiply(Tensor x, Tape tape) {
    observer.accept(x);
    return inner.multiply(x, tape);
  }
}

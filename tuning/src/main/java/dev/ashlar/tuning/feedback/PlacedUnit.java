package dev.ashlar.tuning.feedback;

import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tuning.method.Unit;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Consumer;

/**
 * A unit through which samples go in order, and that says which are on the way.
 *
 * @param inner what is run
 * @param place is moved on by each batch
 * @param begin sees the hidden states {@code [samples, length, dim]} that flow in, before they do
 */
record PlacedUnit(Unit inner, Place place, Consumer<Tensor> begin) implements Unit {
  /** Which samples are on their way. */
  static final class Place {
    private int first;
    private int count;
    private int tokens;

    /** The first sample of the batch. */
    int first() {
      return first;
    }

    /** Samples of the batch. */
    int count() {
      return count;
    }

    /** Whether {@code x} has a row for each token of the batch, so that rows can be told apart. */
    boolean whole(Tensor x) {
      return x.rows() == tokens;
    }

    private void advance(Tensor hidden, BlockContext context) {
      first += count;
      count = hidden.dim(0);
      tokens = context.rows();
    }
  }

  @Override
  public Tensor forward(Tensor hidden, BlockContext context, Tape tape) {
    place.advance(hidden, context);
    begin.accept(hidden);
    return inner.forward(hidden, context, tape);
  }

  @Override
  public String name() {
    return inner.name();
  }

  @Override
  public Backend backend() {
    return inner.backend();
  }

  @Override
  public Unit mapWeights(BiFunction<String, Weight, Weight> f) {
    return new PlacedUnit(inner.mapWeights(f), place, begin);
  }

  @Override
  public Unit mapTensors(BiFunction<String, Tensor, Tensor> f) {
    return new PlacedUnit(inner.mapTensors(f), place, begin);
  }

  @Override
  public List<List<String>> sharedInputs() {
    return inner.sharedInputs();
  }
}

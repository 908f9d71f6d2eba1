package dev.ashlar.nn.decoder;

import dev.ashlar.nn.layer.FeedForward;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;

/** Attention and feed-forward around a residual stream: the block that a {@link BlockSpec} says. */
final class DecoderBlock implements Block {
  private final int index;
  private final String name;
  private final Attention attention;
  private final FeedForward feedForward;
  private final Residual residual;

  private DecoderBlock(
      int index, String name, Attention attention, FeedForward feedForward, Residual residual) {
    this.index = index;
    this.name = name;
    this.attention = attention;
    this.feedForward = feedForward;
    this.residual = residual;
  }

  static DecoderBlock load(int index, BlockSpec spec, Weights weights, Rotaries rotaries) {
    String parent = spec.name() + ".";
    return new DecoderBlock(
        index,
        spec.name(),
        Attention.load(parent, spec.attention(), weights, rotaries),
        FeedForwards.load(parent, spec.feedForward(), weights),
        Residual.load(parent, spec.residual(), weights));
  }

  @Override
  public int index() {
    return index;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Tensor forward(Tensor hidden, BlockContext context, Tape tape) {
    if (hidden.rows() != context.batch() * context.length()) {
      throw new IllegalArgumentException(
          String.format(
              "hidden state %s for a batch of %d with %d tokens each",
              hidden.shape(), context.batch(), context.length()));
    }
    return residual.forward(
        hidden,
        x -> attention.forward(x, index, context, tape),
        x -> feedForward.forward(x, tape),
        tape);
  }

  @Override
  public Block mapWeights(BiFunction<String, Weight, Weight> f) {
    Attention mapped = attention.mapWeights(f);
    return new DecoderBlock(index, name, mapped, feedForward.mapWeights(f), residual);
  }

  @Override
  public void forEachTensor(BiConsumer<String, Tensor> f) {
    attention.forEachTensor(f);
    feedForward.forEachTensor(f);
    residual.forEachTensor(f);
  }

  @Override
  public String toString() {
    return name;
  }
}

package dev.ashlar.nn.decoder;

import dev.ashlar.nn.layer.Norm;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.op.Add;
import dev.ashlar.tensor.autograd.op.Scale;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;

/** A {@link ResidualSpec} with the weights of its norms. */
sealed interface Residual {
  /** The block's output for its input {@code x} and its two halves. */
  Tensor forward(
      Tensor x, UnaryOperator<Tensor> attention, UnaryOperator<Tensor> feedForward, Tape tape);

  /** The same with the tensors that {@code f} gives for those of the norms. */
  Residual mapTensors(BiFunction<String, Tensor, Tensor> f);

  private static Optional<Norm> mapped(Optional<Norm> norm, BiFunction<String, Tensor, Tensor> f) {
    return norm.map(n -> n.mapTensors(f));
  }

  static Residual load(String parent, ResidualSpec spec, Weights weights) {
    return switch (spec) {
      case ResidualSpec.Sequential s ->
          new Sequential(
              weights.norm(parent, s.beforeAttention()),
              weights.norm(parent, s.afterAttention()),
              weights.norm(parent, s.beforeFeedForward()),
              weights.norm(parent, s.afterFeedForward()),
              s.multiplier());
      case ResidualSpec.AfterSum a ->
          new AfterSum(weights.norm(parent, a.attention()), weights.norm(parent, a.feedForward()));
      case ResidualSpec.FromNormed n ->
          new FromNormed(
              weights.norm(parent, n.attention()), weights.norm(parent, n.feedForward()));
      case ResidualSpec.Parallel p ->
          new Parallel(weights.norm(parent, p.attention()), weights.norm(parent, p.feedForward()));
    };
  }

  /** See {@link ResidualSpec.Sequential}. */
  record Sequential(
      Optional<Norm> beforeAttention,
      Optional<Norm> afterAttention,
      Optional<Norm> beforeFeedForward,
      Optional<Norm> afterFeedForward,
      float multiplier)
      implements Residual {
    @Override
    public Tensor forward(
        Tensor x, UnaryOperator<Tensor> attention, UnaryOperator<Tensor> feedForward, Tape tape) {
      Tensor h = half(x, beforeAttention, attention, afterAttention, tape);
      return half(h, beforeFeedForward, feedForward, afterFeedForward, tape);
    }

    private Tensor half(
        Tensor x, Optional<Norm> before, UnaryOperator<Tensor> f, Optional<Norm> after, Tape tape) {
      Tensor y = f.apply(normalized(x, before, tape));
      y = normalized(y, after, tape);
      if (multiplier != 1) {
        y = tape.apply(new Scale(y, multiplier));
      }
      return tape.apply(new Add(x, y));
    }

    private static Tensor normalized(Tensor x, Optional<Norm> norm, Tape tape) {
      return norm.isPresent() ? norm.get().forward(x, tape) : x;
    }

    @Override
    public Residual mapTensors(BiFunction<String, Tensor, Tensor> f) {
      return new Sequential(
          mapped(beforeAttention, f),
          mapped(afterAttention, f),
          mapped(beforeFeedForward, f),
          mapped(afterFeedForward, f),
          multiplier);
    }
  }

  /** See {@link ResidualSpec.AfterSum}. */
  record AfterSum(Norm attentionNorm, Norm feedForwardNorm) implements Residual {
    @Override
    public Tensor forward(
        Tensor x, UnaryOperator<Tensor> attention, UnaryOperator<Tensor> feedForward, Tape tape) {
      Tensor h = attentionNorm.forward(tape.apply(new Add(x, attention.apply(x))), tape);
      return feedForwardNorm.forward(tape.apply(new Add(h, feedForward.apply(h))), tape);
    }

    @Override
    public Residual mapTensors(BiFunction<String, Tensor, Tensor> f) {
      return new AfterSum(attentionNorm.mapTensors(f), feedForwardNorm.mapTensors(f));
    }
  }

  /** See {@link ResidualSpec.FromNormed}. */
  record FromNormed(Norm attentionNorm, Norm feedForwardNorm) implements Residual {
    @Override
    public Tensor forward(
        Tensor x, UnaryOperator<Tensor> attention, UnaryOperator<Tensor> feedForward, Tape tape) {
      Tensor n = attentionNorm.forward(x, tape);
      Tensor h = tape.apply(new Add(n, attention.apply(n)));
      Tensor m = feedForwardNorm.forward(h, tape);
      return tape.apply(new Add(m, feedForward.apply(m)));
    }

    @Override
    public Residual mapTensors(BiFunction<String, Tensor, Tensor> f) {
      return new FromNormed(attentionNorm.mapTensors(f), feedForwardNorm.mapTensors(f));
    }
  }

  /** See {@link ResidualSpec.Parallel}. */
  record Parallel(Norm attentionNorm, Optional<Norm> feedForwardNorm) implements Residual {
    @Override
    public Tensor forward(
        Tensor x, UnaryOperator<Tensor> attention, UnaryOperator<Tensor> feedForward, Tape tape) {
      Tensor n = attentionNorm.forward(x, tape);
      Tensor m = feedForwardNorm.isPresent() ? feedForwardNorm.get().forward(x, tape) : n;
      Tensor sum = tape.apply(new Add(attention.apply(n), feedForward.apply(m)));
      return tape.apply(new Add(x, sum));
    }

    @Override
    public Residual mapTensors(BiFunction<String, Tensor, Tensor> f) {
      return new Parallel(attentionNorm.mapTensors(f), mapped(feedForwardNorm, f));
    }
  }
}

package dev.ashlar.nn.decoder;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** How a block's halves, its norms and the residual stream are put together. */
public sealed interface ResidualSpec {
  /**
   * Attention, then feed-forward, each added to the stream: {@code x += s·after(f(before(x)))}.
   *
   * @param multiplier s
   */
  record Sequential(
      Optional<NormSpec> beforeAttention,
      Optional<NormSpec> afterAttention,
      Optional<NormSpec> beforeFeedForward,
      Optional<NormSpec> afterFeedForward,
      float multiplier)
      implements ResidualSpec {}

  /** {@code x = norm(x + f(x))}, for each half: the original transformer's order. */
  record AfterSum(NormSpec attention, NormSpec feedForward) implements ResidualSpec {}

  /** {@code n = norm(x); x = n + f(n)}, for each half. */
  record FromNormed(NormSpec attention, NormSpec feedForward) implements ResidualSpec {}

  /**
   * Both halves read the same stream: {@code x + attention(norm(x)) + feedForward(norm(x))}.
   *
   * @param feedForward a norm of its own; empty: the attention's
   */
  record Parallel(NormSpec attention, Optional<NormSpec> feedForward) implements ResidualSpec {}

  /** Llama's order: a norm before each half. */
  static ResidualSpec pre(NormSpec attention, NormSpec feedForward) {
    return new Sequential(
        Optional.of(attention), Optional.empty(), Optional.of(feedForward), Optional.empty(), 1);
  }

  /** The same with the norms that {@code f} gives for its own. */
  default ResidualSpec mapNorms(UnaryOperator<NormSpec> f) {
    return switch (this) {
      case Sequential s ->
          new Sequential(
              s.beforeAttention().map(f),
              s.afterAttention().map(f),
              s.beforeFeedForward().map(f),
              s.afterFeedForward().map(f),
              s.multiplier());
      case AfterSum a -> new AfterSum(f.apply(a.attention()), f.apply(a.feedForward()));
      case FromNormed n -> new FromNormed(f.apply(n.attention()), f.apply(n.feedForward()));
      case Parallel p -> new Parallel(f.apply(p.attention()), p.feedForward().map(f));
    };
  }

  /** All norms. */
  default List<NormSpec> norms() {
    List<NormSpec> all = new ArrayList<>();
    switch (this) {
      case Sequential s -> {
        s.beforeAttention().ifPresent(all::add);
        s.afterAttention().ifPresent(all::add);
        s.beforeFeedForward().ifPresent(all::add);
        s.afterFeedForward().ifPresent(all::add);
      }
      case AfterSum a -> all.addAll(List.of(a.attention(), a.feedForward()));
      case FromNormed n -> all.addAll(List.of(n.attention(), n.feedForward()));
      case Parallel p -> {
        all.add(p.attention());
        p.feedForward().ifPresent(all::add);
      }
    }
    return all;
  }
}

package dev.ashlar.nn.decoder;

import dev.ashlar.tensor.kernel.ActivationKernel;
import java.util.List;

/** The position-wise half of a block. */
public sealed interface FeedForwardSpec {
  /** {@code down(f(gate(x))·up(x))}. */
  record Gated(LinearSpec gate, LinearSpec up, LinearSpec down, ActivationKernel.Function f)
      implements FeedForwardSpec {}

  /** The same with gate and up as the two halves of one map. */
  record FusedGated(LinearSpec gateUp, LinearSpec down, ActivationKernel.Function f)
      implements FeedForwardSpec {}

  /** {@code down(f(up(x)))}. */
  record Plain(LinearSpec up, LinearSpec down, ActivationKernel.Function f)
      implements FeedForwardSpec {}

  /** All linear maps. */
  default List<LinearSpec> linears() {
    return switch (this) {
      case Gated g -> List.of(g.gate(), g.up(), g.down());
      case FusedGated g -> List.of(g.gateUp(), g.down());
      case Plain p -> List.of(p.up(), p.down());
    };
  }
}

package dev.ashlar.nn.decoder;

import java.util.ArrayList;
import java.util.List;

/**
 * One block of a decoder.
 *
 * @param name complete module name, for example {@code model.layers.0}
 */
public record BlockSpec(
    String name, AttentionSpec attention, FeedForwardSpec feedForward, ResidualSpec residual) {
  /** All linear maps, in the order in which the block uses them; names are relative to it. */
  public List<LinearSpec> linears() {
    List<LinearSpec> all = new ArrayList<>(attention.linears());
    all.addAll(feedForward.linears());
    return all;
  }

  /** All norms; names are relative to the block. */
  public List<NormSpec> norms() {
    List<NormSpec> all = new ArrayList<>(attention.norms());
    all.addAll(residual.norms());
    return all;
  }
}

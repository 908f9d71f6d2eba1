package dev.ashlar.tuning.plan;

/**
 * A linear layer as a plan sees it.
 *
 * @param name full module name, for example {@code model.layers.0.self_attn.q_proj}
 * @param out outputs
 * @param in inputs
 * @param routes whether it chooses between experts, or weighs them
 */
public record LayerShape(String name, int out, int in, boolean routes) {
  /** A layer that does not route. */
  public LayerShape(String name, int out, int in) {
    this(name, out, in, false);
  }
}

package dev.ashlar.tuning.plan;

/**
 * A linear layer as a plan sees it.
 *
 * @param name full module name, for example {@code model.layers.0.self_attn.q_proj}
 * @param out outputs
 * @param in inputs
 */
public record LayerShape(String name, int out, int in) {}

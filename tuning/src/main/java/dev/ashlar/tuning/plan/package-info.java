/**
 * Which layer gets which scheme: a default, rules by layer name, and the layers that stay float
 * with the reason why.
 *
 * <p>Choosing codes is the methods' work, not this room's. Start at {@link
 * dev.ashlar.tuning.plan.QuantizationPlan}.
 */
package dev.ashlar.tuning.plan;

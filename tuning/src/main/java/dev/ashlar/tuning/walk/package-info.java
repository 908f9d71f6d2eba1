/**
 * How hidden states flow through a decoder block by block, and where they lie in the meantime.
 *
 * <p>What happens at a block is not this room's: tuning, evaluation and checks of exports all walk.
 * Start at {@link dev.ashlar.tuning.walk.BlockWalk}.
 */
package dev.ashlar.tuning.walk;

/**
 * What checkpoints hold, and how one differs from another. Start at {@link
 * dev.ashlar.engine.inspect.Units}: the tensors of a model by names that do not depend on the
 * container.
 */
package dev.ashlar.engine.inspect;

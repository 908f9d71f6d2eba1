/**
 * How good a model is, in numbers that compare: perplexity, and how far one model's logits are from
 * another's.
 *
 * <p>Works on token ids; text is encoded by whoever calls. Start at {@link
 * dev.ashlar.tuning.quality.Perplexity}.
 */
package dev.ashlar.tuning.quality;

/**
 * Turning logits into token ids: sampling and the prefill-decode loop. Text is not known here.
 * Start at {@link dev.ashlar.nn.generate.Generator}.
 */
package dev.ashlar.nn.generate;

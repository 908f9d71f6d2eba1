/**
 * Training a decoder from nothing: AdamW and a next-token loop. It exists so that Ashlar can make
 * its own demo model with its own autograd; training beside a model that is there is {@code
 * dev.ashlar.tuning.lora}'s. Start at {@link dev.ashlar.tuning.train.Trainer}.
 */
package dev.ashlar.tuning.train;

/**
 * Training a decoder from nothing: AdamW and a next-token loop. It exists so that Ashlar can make
 * its own demo model with its own autograd; it is not a fine-tuning product. Start at {@link
 * dev.ashlar.tuning.train.Trainer}.
 */
package dev.ashlar.tuning.train;

/**
 * The decoder: a {@link dev.ashlar.nn.decoder.DecoderSpec} says what it is made of, a {@link
 * dev.ashlar.nn.decoder.Decoder} is that with weights, one {@link dev.ashlar.nn.decoder.Block} at a
 * time. Recognising configurations is {@code nn.architecture}'s work. Start at {@code DecoderSpec}.
 */
package dev.ashlar.nn.decoder;

package dev.ashlar.tornado.runner;

import dev.ashlar.nn.decoder.AttentionSpec;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.tornado.kernel.DeviceAttention;
import java.util.Optional;

/** What of a specification runs on a device. */
final class Support {
  private Support() {}

  /** What the decoder has that no device runs yet, in a few words; empty if there is nothing. */
  static Optional<String> missing(DecoderSpec spec) {
    return spec.blocks().stream().flatMap(b -> missing(b.attention()).stream()).findFirst();
  }

  private static Optional<String> missing(AttentionSpec a) {
    return Math.max(a.headDim(), a.valueDim()) > DeviceAttention.LARGEST_HEAD
        ? Optional.of("heads of more than " + DeviceAttention.LARGEST_HEAD + " elements")
        : Optional.empty();
  }
}

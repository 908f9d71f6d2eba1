package dev.ashlar.tornado.runner;

import dev.ashlar.nn.decoder.AttentionSpec;
import dev.ashlar.nn.decoder.BlockSpec;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.nn.decoder.NormSpec;
import dev.ashlar.nn.decoder.PositionSpec;
import dev.ashlar.nn.decoder.ResidualSpec;
import dev.ashlar.nn.decoder.RotarySpec.Scaling;
import dev.ashlar.tornado.kernel.DeviceAttention;
import java.util.Optional;

/** What of a specification runs on a device. */
final class Support {
  private Support() {}

  /** What the decoder has that no device runs yet, in a few words; empty if there is nothing. */
  static Optional<String> missing(DecoderSpec spec) {
    if (spec.embedding().learned().isPresent()
        || spec.embedding().projection().isPresent()
        || spec.embedding().norm().isPresent()) {
      return Optional.of("an embedding with learned positions, a projection or a norm");
    }
    if (spec.head().projection().isPresent()) {
      return Optional.of("a projection before the head");
    }
    return spec.blocks().stream().flatMap(b -> missing(b).stream()).findFirst();
  }

  private static Optional<String> missing(BlockSpec block) {
    if (!(block.residual() instanceof ResidualSpec.Sequential)) {
      return Optional.of("halves of a block in another order than one behind the other");
    }
    if (block.norms().stream().anyMatch(NormSpec.PerHead.class::isInstance)) {
      return Optional.of("norms with weights for each head");
    }
    if (block.linears().stream().anyMatch(Support::isTurned)) {
      return Optional.of("matrices that lie turned or stacked");
    }
    return missing(block.attention()).or(() -> missing(block.feedForward()));
  }

  private static boolean isTurned(LinearSpec map) {
    return map.transposed() || map.stack().isPresent();
  }

  private static Optional<String> missing(AttentionSpec a) {
    if (!(a.projection() instanceof AttentionSpec.ProjectionSpec.Separate)) {
      return Optional.of("queries, keys and values of one map or of latents");
    }
    if (a.sinks().isPresent() || a.clip() > 0 || a.valueDim() != a.headDim()) {
      return Optional.of("attention with sinks, clipping or values of another width");
    }
    if (a.headDim() > DeviceAttention.LARGEST_HEAD) {
      return Optional.of("heads of more than " + DeviceAttention.LARGEST_HEAD + " elements");
    }
    return switch (a.position()) {
      case PositionSpec.None n -> Optional.empty();
      case PositionSpec.Alibi b -> Optional.of("attention with linear biases");
      case PositionSpec.Rotary r ->
          r.rotary().scaling() instanceof Scaling.DynamicNtk
                  || r.rotary().scaling() instanceof Scaling.LongRope
              ? Optional.of("rotary positions that change with the length of a sequence")
              : Optional.empty();
    };
  }

  private static Optional<String> missing(FeedForwardSpec f) {
    return switch (f) {
      case FeedForwardSpec.Gated g -> Optional.empty();
      case FeedForwardSpec.Plain p -> Optional.empty();
      case FeedForwardSpec.FusedGated g -> Optional.of("gate and up in one map");
      case FeedForwardSpec.Clamped c -> Optional.of("clamped gates");
      case FeedForwardSpec.Experts e -> Optional.of("experts");
    };
  }
}

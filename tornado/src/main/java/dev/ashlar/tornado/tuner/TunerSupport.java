package dev.ashlar.tornado.tuner;

import dev.ashlar.nn.decoder.AttentionSpec;
import dev.ashlar.nn.decoder.BlockSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.nn.decoder.NormSpec;
import dev.ashlar.nn.decoder.PositionSpec;
import dev.ashlar.nn.decoder.ResidualSpec;
import dev.ashlar.nn.devicetuning.TuningJob;
import dev.ashlar.nn.layer.Weight;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** What of a job is tuned on a device. */
final class TunerSupport {
  /** Elements of an array of TornadoVM, whose kernels count in ints. */
  private static final long MOST_ELEMENTS = Integer.MAX_VALUE - 64;

  private TunerSupport() {}

  /** What the job has that no device tunes yet, in a few words; empty if there is nothing. */
  static Optional<String> missing(TuningJob job) {
    if (job.block().spec().isEmpty()) {
      return Optional.of("a block that does not say what it is made of");
    }
    BlockSpec spec = job.block().spec().get();
    return missing(spec).or(() -> missing(spec, job)).or(() -> tooLarge(spec, job));
  }

  private static Optional<String> missing(BlockSpec block) {
    if (!(block.residual() instanceof ResidualSpec.Sequential)) {
      return Optional.of("halves of a block in another order than one behind the other");
    }
    if (block.norms().stream().anyMatch(n -> !(n instanceof NormSpec.Rms))) {
      return Optional.of("norms other than by the root of the mean square");
    }
    return missing(block.attention()).or(() -> missing(block.feedForward()));
  }

  private static Optional<String> missing(AttentionSpec a) {
    if (!(a.projection() instanceof AttentionSpec.ProjectionSpec.Separate)) {
      return Optional.of("queries, keys and values of one map or of latents");
    }
    if (a.sinks().isPresent() || a.clip() > 0 || a.valueDim() != a.headDim()) {
      return Optional.of("attention with sinks, clipping or values of another width");
    }
    return a.position() instanceof PositionSpec.Alibi
        ? Optional.of("attention with linear biases")
        : Optional.empty();
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

  private static Optional<String> missing(BlockSpec spec, TuningJob job) {
    if (job.matrices().values().stream()
        .anyMatch(m -> m.parameters().scheme().activations().isPresent())) {
      return Optional.of("rounded inputs");
    }
    Map<String, Weight> weights = new HashMap<>();
    job.block()
        .mapWeights(
            (name, weight) -> {
              weights.put(name, weight);
              return weight;
            });
    for (LinearSpec map : spec.linears()) {
      boolean isTuned = job.matrices().containsKey(map.name());
      if (!isTuned && weights.get(map.name()).floats().isEmpty()) {
        return Optional.of("weights that are codes already (" + map.name() + ")");
      }
    }
    return Optional.empty();
  }

  private static Optional<String> tooLarge(BlockSpec spec, TuningJob job) {
    long tokens = (long) job.samples() * job.length();
    if (tokens * job.dim() > MOST_ELEMENTS) {
      return Optional.of("samples of " + tokens + " tokens: take fewer or shorter ones");
    }
    long widest = job.dim();
    for (LinearSpec map : spec.linears()) {
      widest = Math.max(widest, Math.max(map.out(), map.in()));
    }
    return (long) job.micro() * job.length() * widest > MOST_ELEMENTS
        ? Optional.of("batches of " + job.micro() + " samples: take smaller ones")
        : Optional.empty();
  }
}

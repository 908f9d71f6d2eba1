package dev.ashlar.nn.decoder;

import dev.ashlar.nn.decoder.AttentionSpec.FusedOrder;
import dev.ashlar.nn.decoder.AttentionSpec.HeadNormSpec;
import dev.ashlar.nn.decoder.AttentionSpec.ProjectionSpec;

/**
 * A block that goes the ways of a real one with fewer numbers: one key/value head with its queries,
 * and few channels in the feed-forward. What depends on the size of a head or of the hidden state
 * stays as it is.
 */
final class NarrowBlock {
  private static final int CHANNELS = 64;

  private NarrowBlock() {}

  static BlockSpec of(BlockSpec spec) {
    return new BlockSpec(
        spec.name(), attention(spec.attention()), feedForward(spec.feedForward()), spec.residual());
  }

  /** Where heads cannot be told apart by their number alone, all of them stay. */
  private static AttentionSpec attention(AttentionSpec a) {
    int n = a.kvHeads();
    ProjectionSpec projection = projection(a.projection(), n);
    if (projection == null || !a.headNorms().map(h -> byHead(h, a.headDim())).orElse(true)) {
      return a;
    }
    return new AttentionSpec(
        a.heads() / n,
        1,
        a.headDim(),
        projection,
        a.output().withIn(a.output().in() / n),
        a.position(),
        a.scale(),
        a.window(),
        a.softcap(),
        a.clip(),
        a.headNorms(),
        a.valueDim(),
        a.sinks());
  }

  /** To the first of {@code n} key/value heads and its queries, or null. */
  private static ProjectionSpec projection(ProjectionSpec spec, int n) {
    return switch (spec) {
      case ProjectionSpec.Separate s -> part(s, n);
      case ProjectionSpec.Fused f -> f.order() == FusedOrder.CODEGEN ? null : part(f, n);
      case ProjectionSpec.Latent l -> null;
    };
  }

  private static ProjectionSpec part(ProjectionSpec spec, int n) {
    return spec.mapLinears(l -> l.withOut(l.out() / n));
  }

  private static boolean byHead(HeadNormSpec norms, int headDim) {
    return byHead(norms.query(), headDim) && byHead(norms.key(), headDim);
  }

  private static boolean byHead(NormSpec norm, int headDim) {
    return !(norm instanceof NormSpec.PerHead) && norm.dim() == headDim;
  }

  private static FeedForwardSpec feedForward(FeedForwardSpec spec) {
    return switch (spec) {
      case FeedForwardSpec.Gated g ->
          new FeedForwardSpec.Gated(
              g.gate().withOut(CHANNELS),
              g.up().withOut(CHANNELS),
              g.down().withIn(CHANNELS),
              g.f());
      case FeedForwardSpec.FusedGated g ->
          new FeedForwardSpec.FusedGated(
              g.gateUp().withOut(2 * CHANNELS), g.down().withIn(CHANNELS), g.f());
      case FeedForwardSpec.Plain p ->
          new FeedForwardSpec.Plain(p.up().withOut(CHANNELS), p.down().withIn(CHANNELS), p.f());
      case FeedForwardSpec.Clamped c ->
          new FeedForwardSpec.Clamped(
              c.gateUp().stream().map(l -> l.withOut(2 * CHANNELS / c.gateUp().size())).toList(),
              c.down().withIn(CHANNELS),
              c.alpha(),
              c.limit());
      case FeedForwardSpec.Experts e ->
          new FeedForwardSpec.Experts(
              e.router(),
              e.experts().stream().map(NarrowBlock::feedForward).toList(),
              e.shared().map(NarrowBlock::feedForward),
              e.sharedGate());
    };
  }
}

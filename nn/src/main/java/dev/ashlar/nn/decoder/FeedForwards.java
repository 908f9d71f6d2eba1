package dev.ashlar.nn.decoder;

import dev.ashlar.nn.decoder.FeedForwardSpec.RouterSpec;
import dev.ashlar.nn.layer.ClampedFeedForward;
import dev.ashlar.nn.layer.ExpertFeedForward;
import dev.ashlar.nn.layer.FeedForward;
import dev.ashlar.nn.layer.FusedGatedFeedForward;
import dev.ashlar.nn.layer.GatedFeedForward;
import dev.ashlar.nn.layer.PlainFeedForward;
import dev.ashlar.nn.layer.Router;
import dev.ashlar.nn.layer.ScoreRouter;
import dev.ashlar.nn.layer.SparseMixRouter;
import java.util.ArrayList;
import java.util.List;

/** Makes the feed-forward that a specification says. */
final class FeedForwards {
  private FeedForwards() {}

  static FeedForward load(String parent, FeedForwardSpec spec, Weights weights) {
    return switch (spec) {
      case FeedForwardSpec.Gated g ->
          new GatedFeedForward(
              weights.linear(parent, g.gate()),
              weights.linear(parent, g.up()),
              weights.linear(parent, g.down()),
              g.f());
      case FeedForwardSpec.FusedGated g ->
          new FusedGatedFeedForward(
              weights.linear(parent, g.gateUp()), weights.linear(parent, g.down()), g.f());
      case FeedForwardSpec.Plain p ->
          new PlainFeedForward(
              weights.linear(parent, p.up()), weights.linear(parent, p.down()), p.f());
      case FeedForwardSpec.Clamped c ->
          new ClampedFeedForward(
              c.gateUp().stream().map(l -> weights.linear(parent, l)).toList(),
              weights.linear(parent, c.down()),
              c.alpha(),
              c.limit());
      case FeedForwardSpec.Experts e -> experts(parent, e, weights);
    };
  }

  private static FeedForward experts(String parent, FeedForwardSpec.Experts spec, Weights weights) {
    List<FeedForward> experts = new ArrayList<>();
    spec.experts().forEach(e -> experts.add(load(parent, e, weights)));
    return new ExpertFeedForward(
        router(parent, spec.router(), experts.size(), weights),
        experts,
        spec.shared().map(s -> load(parent, s, weights)).orElse(null),
        spec.sharedGate().map(g -> weights.linear(parent, g)).orElse(null));
  }

  private static Router router(String parent, RouterSpec spec, int experts, Weights weights) {
    return switch (spec) {
      case RouterSpec.SparseMixer m ->
          new SparseMixRouter(weights.linear(parent, m.gate()), m.jitter());
      case RouterSpec.Scores s ->
          new ScoreRouter(
              weights.linear(parent, s.gate()),
              s.score(),
              s.perToken(),
              s.normalize(),
              s.scale(),
              s.correction().map(c -> weights.vector(parent + c, experts)).orElse(null),
              s.correction().orElse(null),
              s.groups(),
              s.topGroups(),
              s.groupByTwo());
    };
  }
}

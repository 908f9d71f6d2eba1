package dev.ashlar.nn.decoder;

import dev.ashlar.nn.layer.FeedForward;
import dev.ashlar.nn.layer.FusedGatedFeedForward;
import dev.ashlar.nn.layer.GatedFeedForward;
import dev.ashlar.nn.layer.PlainFeedForward;

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
    };
  }
}

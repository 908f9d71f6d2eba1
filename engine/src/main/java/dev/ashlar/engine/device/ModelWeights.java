package dev.ashlar.engine.device;

import dev.ashlar.nn.decoder.BlockSpec;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec.RouterSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import java.util.List;

/**
 * What of a decoder's weights a token is multiplied by: of experts those that it uses.
 *
 * @param blocks weights of the linear maps of each block
 * @param head of the output map
 * @param rowBytes of the keys and values of a token in all blocks, as floats
 */
record ModelWeights(List<Long> blocks, long head, long rowBytes) {
  static ModelWeights of(DecoderSpec spec) {
    long row = 0;
    for (BlockSpec b : spec.blocks()) {
      row += 2L * Float.BYTES * b.attention().kvHeads() * b.attention().headDim();
    }
    return new ModelWeights(
        spec.blocks().stream().map(ModelWeights::used).toList(),
        weights(spec.head().output()),
        row);
  }

  private static long used(BlockSpec block) {
    return weights(block.attention().linears()) + used(block.feedForward());
  }

  private static long used(FeedForwardSpec half) {
    if (!(half instanceof FeedForwardSpec.Experts e)) {
      return weights(half.linears());
    }
    int each =
        switch (e.router()) {
          case RouterSpec.Scores s -> s.perToken();
          case RouterSpec.SparseMixer m -> 2;
        };
    return each * used(e.experts().getFirst())
        + e.shared().map(ModelWeights::used).orElse(0L)
        + weights(e.routers());
  }

  private static long weights(List<LinearSpec> maps) {
    return maps.stream().mapToLong(ModelWeights::weights).sum();
  }

  private static long weights(LinearSpec map) {
    return (long) map.in() * map.out();
  }
}

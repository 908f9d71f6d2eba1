package dev.ashlar.nn.layer;

import dev.ashlar.nn.op.Combine;
import dev.ashlar.nn.op.GatherRows;
import dev.ashlar.nn.op.Routing;
import dev.ashlar.nn.op.ScaleRows;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.op.Activate;
import dev.ashlar.tensor.autograd.op.Add;
import dev.ashlar.tensor.kernel.ActivationKernel.Function;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;

/**
 * A sparse mixture of experts (Shazeer et al., arXiv 1701.06538): each token goes through a few
 * experts, each of which is a feed-forward with linear maps of its own.
 */
public final class ExpertFeedForward implements FeedForward {
  private final Router router;
  private final List<FeedForward> experts;
  private final FeedForward shared;
  private final Linear sharedGate;

  /**
   * @param shared an expert that all tokens use, or null
   * @param sharedGate to one logit, whose sigmoid weighs the shared expert; or null
   */
  public ExpertFeedForward(
      Router router, List<FeedForward> experts, FeedForward shared, Linear sharedGate) {
    this.router = router;
    this.experts = List.copyOf(experts);
    this.shared = shared;
    this.sharedGate = sharedGate;
  }

  @Override
  public Tensor forward(Tensor x, Tape tape) {
    Routing route = router.route(x, tape);
    Tensor weights = tape.apply(route);
    List<Combine.Part> parts = new ArrayList<>();
    for (int e = 0; e < experts.size(); e++) {
      int[] rows = rows(route, e, x.rows());
      if (rows.length > 0) {
        Tensor of = tape.apply(new GatherRows(x, rows));
        parts.add(new Combine.Part(e, experts.get(e).forward(of, tape), rows));
      }
    }
    Tensor y = tape.apply(new Combine(parts, weights, x.dim(-1)));
    if (shared == null) {
      return y;
    }
    Tensor s = shared.forward(x, tape);
    if (sharedGate != null) {
      Tensor gate = tape.apply(new Activate(Function.SIGMOID, sharedGate.forward(x, tape)));
      s = tape.apply(new ScaleRows(s, gate));
    }
    return tape.apply(new Add(s, y));
  }

  private static int[] rows(Routing route, int expert, int tokens) {
    int[] rows = new int[tokens];
    int n = 0;
    for (int t = 0; t < tokens; t++) {
      if (route.uses(t, expert)) {
        rows[n++] = t;
      }
    }
    return Arrays.copyOf(rows, n);
  }

  /** Offers the experts' maps; see {@link Router} for why neither gate is among them. */
  @Override
  public FeedForward mapWeights(BiFunction<String, Weight, Weight> f) {
    List<FeedForward> mapped = new ArrayList<>();
    experts.forEach(e -> mapped.add(e.mapWeights(f)));
    return new ExpertFeedForward(
        router, mapped, shared == null ? null : shared.mapWeights(f), sharedGate);
  }

  @Override
  public FeedForward mapTensors(BiFunction<String, Tensor, Tensor> f) {
    Router routing = router.mapTensors(f);
    List<FeedForward> mapped = new ArrayList<>();
    experts.forEach(e -> mapped.add(e.mapTensors(f)));
    return new ExpertFeedForward(
        routing,
        mapped,
        shared == null ? null : shared.mapTensors(f),
        sharedGate == null ? null : sharedGate.mapTensorsAndWeight(f));
  }
}

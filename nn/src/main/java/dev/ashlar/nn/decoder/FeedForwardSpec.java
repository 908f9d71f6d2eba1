package dev.ashlar.nn.decoder;

import dev.ashlar.nn.op.Route;
import dev.ashlar.tensor.kernel.ActivationKernel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** The position-wise half of a block. */
public sealed interface FeedForwardSpec {
  /** {@code down(f(gate(x))·up(x))}. */
  record Gated(LinearSpec gate, LinearSpec up, LinearSpec down, ActivationKernel.Function f)
      implements FeedForwardSpec {}

  /** The same with gate and up as the two halves of one map. */
  record FusedGated(LinearSpec gateUp, LinearSpec down, ActivationKernel.Function f)
      implements FeedForwardSpec {}

  /** {@code down(f(up(x)))}. */
  record Plain(LinearSpec up, LinearSpec down, ActivationKernel.Function f)
      implements FeedForwardSpec {}

  /**
   * A sparse mixture of experts.
   *
   * @param shared an expert that all tokens use
   * @param sharedGate to one logit, whose sigmoid weighs the shared expert
   */
  record Experts(
      RouterSpec router,
      List<FeedForwardSpec> experts,
      Optional<FeedForwardSpec> shared,
      Optional<LinearSpec> sharedGate)
      implements FeedForwardSpec {
    public Experts {
      experts = List.copyOf(experts);
    }
  }

  /**
   * {@code down(clampedGate(gateUp(x)))}; see {@link dev.ashlar.nn.op.ClampedGate}.
   *
   * @param gateUp one map, or several whose outputs lie side by side
   */
  record Clamped(List<LinearSpec> gateUp, LinearSpec down, float alpha, float limit)
      implements FeedForwardSpec {
    public Clamped {
      gateUp = List.copyOf(gateUp);
    }
  }

  /** How tokens find their experts. */
  sealed interface RouterSpec {
    /** To one logit per expert. */
    LinearSpec gate();

    /**
     * The largest scores win.
     *
     * @param perToken experts that each token uses
     * @param normalize whether the weights of a token's experts are made to sum to 1
     * @param scale multiplies the weights
     * @param correction name of a bias {@code [experts]} that counts for the choice only
     * @param groups groups of experts, 1 for none
     * @param topGroups groups that each token may use
     * @param groupByTwo whether a group ranks by the sum of its two best experts
     */
    record Scores(
        LinearSpec gate,
        Route.Score score,
        int perToken,
        boolean normalize,
        float scale,
        Optional<String> correction,
        int groups,
        int topGroups,
        boolean groupByTwo)
        implements RouterSpec {}

    /** Two experts by {@link dev.ashlar.nn.op.SparseMix}. */
    record SparseMixer(LinearSpec gate, double jitter) implements RouterSpec {}

    /** The same with another gate. */
    default RouterSpec withGate(LinearSpec other) {
      return switch (this) {
        case Scores s ->
            new Scores(
                other,
                s.score(),
                s.perToken(),
                s.normalize(),
                s.scale(),
                s.correction(),
                s.groups(),
                s.topGroups(),
                s.groupByTwo());
        case SparseMixer m -> new SparseMixer(other, m.jitter());
      };
    }

    /** The {@code perToken} largest of a softmax. */
    static RouterSpec softmax(LinearSpec gate, int perToken, boolean normalize) {
      return new Scores(
          gate, Route.Score.SOFTMAX, perToken, normalize, 1, Optional.empty(), 1, 1, false);
    }
  }

  /** The linear maps but those of routers, those together that read the same input. */
  default List<List<LinearSpec>> sharedInputs() {
    return switch (this) {
      case Gated g -> List.of(List.of(g.gate(), g.up()), List.of(g.down()));
      case FusedGated g -> List.of(List.of(g.gateUp()), List.of(g.down()));
      case Plain p -> List.of(List.of(p.up()), List.of(p.down()));
      case Clamped c -> List.of(c.gateUp(), List.of(c.down()));
      case Experts e -> {
        List<List<LinearSpec>> all = new ArrayList<>();
        e.experts().forEach(x -> all.addAll(x.sharedInputs()));
        e.shared().ifPresent(x -> all.addAll(x.sharedInputs()));
        yield all;
      }
    };
  }

  /** The groups of {@link #sharedInputs} by steps, experts side by side. */
  default List<List<List<LinearSpec>>> steps() {
    List<FeedForwardSpec> parts = new ArrayList<>();
    if (this instanceof Experts e) {
      parts.addAll(e.experts());
      e.shared().ifPresent(parts::add);
    } else {
      parts.add(this);
    }
    List<List<List<LinearSpec>>> steps = new ArrayList<>();
    for (FeedForwardSpec part : parts) {
      List<List<LinearSpec>> own = part.sharedInputs();
      for (int i = 0; i < own.size(); i++) {
        if (i == steps.size()) {
          steps.add(new ArrayList<>());
        }
        steps.get(i).add(own.get(i));
      }
    }
    return steps;
  }

  /** The linear maps that choose between experts or weigh them; they read this half's input. */
  default List<LinearSpec> routers() {
    List<LinearSpec> all = new ArrayList<>();
    if (this instanceof Experts e) {
      all.add(e.router().gate());
      e.sharedGate().ifPresent(all::add);
    }
    return all;
  }

  /** The linear map whose output is this half's; none where several are weighed. */
  default Optional<LinearSpec> output() {
    return switch (this) {
      case Gated g -> Optional.of(g.down());
      case FusedGated g -> Optional.of(g.down());
      case Plain p -> Optional.of(p.down());
      case Clamped c -> Optional.of(c.down());
      case Experts e -> Optional.empty();
    };
  }

  /**
   * The linear maps whose outputs, weighed where there are several, are summed up to this half's.
   */
  default List<LinearSpec> outputs() {
    if (!(this instanceof Experts e)) {
      return output().stream().toList();
    }
    List<LinearSpec> all = new ArrayList<>();
    e.experts().forEach(x -> all.addAll(x.outputs()));
    e.shared().ifPresent(x -> all.addAll(x.outputs()));
    return all;
  }

  /** The same with the linear maps that {@code f} gives for its own, routers' among them. */
  default FeedForwardSpec mapLinears(UnaryOperator<LinearSpec> f) {
    return switch (this) {
      case Gated g -> new Gated(f.apply(g.gate()), f.apply(g.up()), f.apply(g.down()), g.f());
      case FusedGated g -> new FusedGated(f.apply(g.gateUp()), f.apply(g.down()), g.f());
      case Plain p -> new Plain(f.apply(p.up()), f.apply(p.down()), p.f());
      case Clamped c ->
          new Clamped(c.gateUp().stream().map(f).toList(), f.apply(c.down()), c.alpha(), c.limit());
      case Experts e ->
          new Experts(
              e.router().withGate(f.apply(e.router().gate())),
              e.experts().stream().map(x -> x.mapLinears(f)).toList(),
              e.shared().map(x -> x.mapLinears(f)),
              e.sharedGate().map(f));
    };
  }

  /** All linear maps. */
  default List<LinearSpec> linears() {
    return switch (this) {
      case Gated g -> List.of(g.gate(), g.up(), g.down());
      case FusedGated g -> List.of(g.gateUp(), g.down());
      case Plain p -> List.of(p.up(), p.down());
      case Clamped c -> {
        List<LinearSpec> all = new ArrayList<>(c.gateUp());
        all.add(c.down());
        yield all;
      }
      case Experts e -> {
        List<LinearSpec> all = new ArrayList<>();
        all.add(e.router().gate());
        e.experts().forEach(x -> all.addAll(x.linears()));
        e.shared().ifPresent(x -> all.addAll(x.linears()));
        e.sharedGate().ifPresent(all::add);
        yield all;
      }
    };
  }
}

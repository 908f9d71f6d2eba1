package dev.ashlar.nn.decoder;

import dev.ashlar.nn.decoder.AttentionSpec.FusedOrder;
import dev.ashlar.nn.decoder.AttentionSpec.ProjectionSpec;
import dev.ashlar.nn.decoder.Folding.Source;
import dev.ashlar.tensor.kernel.ActivationKernel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What puts out the inputs of a block's linear maps. */
final class Foldings {
  private final BlockSpec block;
  private final List<Folding> found = new ArrayList<>();

  private Foldings(BlockSpec block) {
    this.block = block;
  }

  /** Of all linear maps but routers, in the order in which the block uses them. */
  static List<Folding> of(BlockSpec block) {
    return new Foldings(block).collect();
  }

  private List<Folding> collect() {
    List<LinearSpec> attending = block.attention().projection().sharedInputs().getFirst();
    List<LinearSpec> feeding =
        block.feedForward().steps().getFirst().stream().flatMap(List::stream).toList();
    List<LinearSpec> routing = block.feedForward().routers();
    if (block.residual() instanceof ResidualSpec.Parallel p && p.feedForward().isEmpty()) {
      List<LinearSpec> both = new ArrayList<>(attending);
      both.addAll(feeding);
      add(both, routing, norm(Optional.of(p.attention())));
      withinAttention();
    } else {
      add(attending, List.of(), attentionNorm());
      withinAttention();
      add(feeding, routing, feedForwardNorm());
    }
    within(block.feedForward());
    return List.copyOf(found);
  }

  private void add(List<LinearSpec> layers, List<LinearSpec> routers, Source source) {
    found.add(new Folding(names(layers), names(routers), source));
  }

  private static List<String> names(List<LinearSpec> maps) {
    return maps.stream().map(LinearSpec::name).toList();
  }

  private Source attentionNorm() {
    return switch (block.residual()) {
      case ResidualSpec.Sequential s -> norm(s.beforeAttention());
      case ResidualSpec.Parallel p -> norm(Optional.of(p.attention()));
      case ResidualSpec.AfterSum a -> alongTheStream();
      case ResidualSpec.FromNormed n -> alongTheStream();
    };
  }

  private Source feedForwardNorm() {
    return switch (block.residual()) {
      case ResidualSpec.Sequential s -> norm(s.beforeFeedForward());
      case ResidualSpec.Parallel p -> norm(p.feedForward());
      case ResidualSpec.AfterSum a -> alongTheStream();
      case ResidualSpec.FromNormed n -> alongTheStream();
    };
  }

  private static Source alongTheStream() {
    return new Source.Fixed("read what goes on along the residual stream too");
  }

  private static Source norm(Optional<NormSpec> norm) {
    if (norm.isEmpty()) {
      return new Source.Fixed("read the residual stream without a norm before them");
    }
    return switch (norm.get()) {
      case NormSpec.Rms r -> new Source.OfNorm(r.name(), r.offset());
      case NormSpec.Layer l ->
          l.weight()
              ? new Source.OfNorm(l.name(), l.offset())
              : new Source.Fixed("come behind a norm without weights");
      case NormSpec.PerHead p -> new Source.Fixed("come behind a norm of heads");
    };
  }

  private void withinAttention() {
    AttentionSpec a = block.attention();
    if (a.projection() instanceof ProjectionSpec.Latent l) {
      l.queryDown().ifPresent(d -> add(List.of(l.query()), List.of(), norm(l.queryNorm())));
      add(List.of(l.up()), List.of(), norm(Optional.of(l.norm())));
    }
    add(List.of(a.output()), List.of(), values(a));
  }

  private static Source values(AttentionSpec a) {
    if (a.clip() > 0) {
      return new Source.Fixed("come behind values that are clipped");
    }
    int repeat = a.heads() / a.kvHeads();
    int dim = a.valueDim();
    return switch (a.projection()) {
      case ProjectionSpec.Separate s -> new Source.OfRows(s.value().name(), 0, dim, repeat, dim);
      case ProjectionSpec.Latent l -> {
        int plain = a.headDim() - l.rotary();
        yield new Source.OfRows(l.up().name(), plain, dim, repeat, plain + dim);
      }
      case ProjectionSpec.Fused f -> fused(a, f, repeat);
    };
  }

  private static Source fused(AttentionSpec a, ProjectionSpec.Fused f, int repeat) {
    int dim = a.headDim();
    String name = f.map().name();
    return switch (f.order()) {
      case FusedOrder.BLOCKS ->
          new Source.OfRows(name, (a.heads() + a.kvHeads()) * dim, dim, repeat, dim);
      case FusedOrder.GROUPS ->
          new Source.OfRows(name, (repeat + 1) * dim, dim, repeat, (repeat + 2) * dim);
      case FusedOrder.CODEGEN -> new Source.Fixed("come behind values in slices of a fused map");
    };
  }

  /** Maps inside of the feed-forward: those behind its activation. */
  private void within(FeedForwardSpec spec) {
    switch (spec) {
      case FeedForwardSpec.Gated g ->
          add(List.of(g.down()), List.of(), Source.OfRows.plain(g.up().name(), 0, g.down().in()));
      case FeedForwardSpec.FusedGated g -> {
        int half = g.down().in();
        add(List.of(g.down()), List.of(), Source.OfRows.plain(g.gateUp().name(), half, half));
      }
      case FeedForwardSpec.Plain p -> add(List.of(p.down()), List.of(), activated(p));
      case FeedForwardSpec.Clamped c ->
          add(List.of(c.down()), List.of(), new Source.Fixed("come behind a clamped gate"));
      case FeedForwardSpec.Experts e -> {
        e.experts().forEach(this::within);
        e.shared().ifPresent(this::within);
      }
    }
  }

  /** A rectifier lets positive factors through, others bend. */
  private static Source activated(FeedForwardSpec.Plain p) {
    return p.f() == ActivationKernel.Function.RELU
        ? Source.OfRows.plain(p.up().name(), 0, p.down().in())
        : new Source.Fixed("come behind an activation that is not linear");
  }
}

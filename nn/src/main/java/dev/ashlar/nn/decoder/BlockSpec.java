package dev.ashlar.nn.decoder;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * One block of a decoder.
 *
 * @param name complete module name, for example {@code model.layers.0}
 */
public record BlockSpec(
    String name, AttentionSpec attention, FeedForwardSpec feedForward, ResidualSpec residual) {
  /** All linear maps, in the order in which the block uses them; names are relative to it. */
  public List<LinearSpec> linears() {
    List<LinearSpec> all = new ArrayList<>(attention.linears());
    all.addAll(feedForward.linears());
    return all;
  }

  /**
   * Names of the linear maps but the routers', in the order in which the block uses them, those
   * together that read the same input.
   */
  public List<List<String>> sharedInputs() {
    List<List<LinearSpec>> groups = new ArrayList<>(attention.projection().sharedInputs());
    groups.add(List.of(attention.output()));
    groups.addAll(feedForward.sharedInputs());
    return groups.stream().map(g -> g.stream().map(LinearSpec::name).toList()).toList();
  }

  /** What puts out the inputs of the linear maps; names are relative to the block. */
  public List<Folding> foldings() {
    return Foldings.of(this);
  }

  /**
   * The groups of {@link #sharedInputs} by steps: those of one step do not see what the others of
   * it put out, those of the next may. Experts go side by side.
   */
  public List<List<List<String>>> steps() {
    List<List<List<LinearSpec>>> steps = new ArrayList<>();
    attention.projection().sharedInputs().forEach(g -> steps.add(List.of(g)));
    steps.add(List.of(List.of(attention.output())));
    steps.addAll(feedForward.steps());
    return steps.stream()
        .map(s -> s.stream().map(g -> g.stream().map(LinearSpec::name).toList()).toList())
        .toList();
  }

  /**
   * The linear maps whose outputs are added to the residual stream as they are, in order: the
   * attention's, then the feed-forward's. Ends where the stream is no longer a sum of the block's
   * input and these: at a norm behind a half, at experts.
   */
  public List<StreamAddition> additions() {
    return switch (residual) {
      case ResidualSpec.FromNormed n -> List.of();
      case ResidualSpec.AfterSum a -> adding(1, false);
      case ResidualSpec.Parallel p -> adding(1, true);
      case ResidualSpec.Sequential s ->
          s.afterAttention().isPresent()
              ? List.of()
              : adding(s.multiplier(), s.afterFeedForward().isEmpty());
    };
  }

  private List<StreamAddition> adding(float multiplier, boolean both) {
    List<StreamAddition> all = new ArrayList<>();
    all.add(new StreamAddition(attention.output().name(), multiplier));
    if (both) {
      feedForward.output().ifPresent(l -> all.add(new StreamAddition(l.name(), multiplier)));
    }
    return List.copyOf(all);
  }

  /**
   * Names of the linear maps that choose between experts or weigh them; they are among {@link
   * #linears()} too.
   */
  public Set<String> routers() {
    return feedForward.routers().stream().map(LinearSpec::name).collect(Collectors.toSet());
  }

  /** The same with the linear maps that {@code f} gives for its own. */
  BlockSpec mapLinears(UnaryOperator<LinearSpec> f) {
    return new BlockSpec(name, attention.mapLinears(f), feedForward.mapLinears(f), residual);
  }

  /** The same with the norms around its halves, and of queries and keys, that {@code f} gives. */
  BlockSpec mapNorms(UnaryOperator<NormSpec> f) {
    return new BlockSpec(name, attention.mapHeadNorms(f), feedForward, residual.mapNorms(f));
  }

  /** All norms; names are relative to the block. */
  public List<NormSpec> norms() {
    List<NormSpec> all = new ArrayList<>(attention.norms());
    all.addAll(residual.norms());
    return all;
  }
}

package dev.ashlar.nn.decoder;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;

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
   * Names of the linear maps that choose between experts or weigh them; they are among {@link
   * #linears()} too.
   */
  public Set<String> routers() {
    Set<String> names = new HashSet<>();
    if (feedForward instanceof FeedForwardSpec.Experts e) {
      names.add(e.router().gate().name());
      e.sharedGate().ifPresent(g -> names.add(g.name()));
    }
    return names;
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

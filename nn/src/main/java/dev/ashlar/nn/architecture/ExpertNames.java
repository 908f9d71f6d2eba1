package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.nn.decoder.LinearSpec.Stack;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.kernel.ActivationKernel;
import dev.ashlar.tensor.weights.StoredTensor;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Which of several spellings a file has. Programs that save mixtures do not agree on names: what a
 * family publishes as {@code block_sparse_moe.experts.0.w1} comes back as {@code
 * mlp.experts.0.gate_proj}, or stacked with all others in {@code mlp.experts.gate_up_proj}. So the
 * file is asked, and the decoder goes by its names.
 */
final class ExpertNames {
  /**
   * A mixture's names.
   *
   * @param parent of the list of experts, with its dot
   */
  record Spelling(String parent, String gate, String up, String down) {
    String expert(int index) {
      return parent + "experts." + index + ".";
    }
  }

  /** The names that most families publish. */
  private static final Spelling USUAL = new Spelling("mlp.", "gate_proj", "up_proj", "down_proj");

  /** Mixtral's, as published first and then as others write them. */
  private static final List<Spelling> MIXTRAL =
      List.of(
          new Spelling("block_sparse_moe.", "w1", "w3", "w2"),
          new Spelling("block_sparse_moe.", "gate_proj", "up_proj", "down_proj"),
          USUAL,
          new Spelling("mlp.", "w1", "w3", "w2"));

  /** What a stack of the experts' gates and ups is called. */
  private static final String STACKED = "experts.gate_up_proj";

  private final WeightSource source;
  private final String list;

  /** Tensors and packed modules by their names inside their blocks, the last of each. */
  private final Map<String, String> inside = new HashMap<>();

  /**
   * @param list last word of the name of the list of blocks
   */
  ExpertNames(WeightSource source, String list) {
    this.source = source;
    this.list = list + ".";
    source.names().forEach(this::add);
    source.quantizedNames().forEach(this::add);
  }

  private void add(String name) {
    int at = name.startsWith(list) ? 0 : name.indexOf("." + list) + 1;
    int number = at + list.length();
    int end = number;
    while (end < name.length() && Character.isDigit(name.charAt(end))) {
      end++;
    }
    if (name.startsWith(list, at) && end > number && name.startsWith(".", end)) {
      inside.put(name.substring(end + 1), name);
    }
  }

  /** Whether some block has a tensor or packed module of that name. */
  boolean has(String name) {
    return inside.containsKey(name) || inside.containsKey(name + ".weight");
  }

  /** The first of the names that some block has; the first of all if none. */
  String first(String... names) {
    for (String name : names) {
      if (has(name)) {
        return name;
      }
    }
    return names[0];
  }

  /** Experts of a family that publishes Mixtral's names. */
  List<FeedForwardSpec> mixtral(
      int count, int dim, int hidden, ActivationKernel.Function activation) {
    Spelling spelling = MIXTRAL.getFirst();
    for (Spelling s : MIXTRAL.reversed()) {
      if (has(s.expert(0) + s.gate()) || inside.containsKey(s.parent() + STACKED)) {
        spelling = s;
      }
    }
    return experts(spelling, count, dim, hidden, false, activation);
  }

  /** Experts of a family that publishes the usual names. */
  List<FeedForwardSpec> usual(
      int count, int dim, int hidden, boolean bias, ActivationKernel.Function activation) {
    return experts(USUAL, count, dim, hidden, bias, activation);
  }

  private List<FeedForwardSpec> experts(
      Spelling s,
      int count,
      int dim,
      int hidden,
      boolean bias,
      ActivationKernel.Function activation) {
    String both = s.parent() + STACKED;
    String down = s.parent() + "experts.down_proj";
    boolean stacked = inside.containsKey(both) && inside.containsKey(down) && !bias;
    boolean alone = has(s.expert(0) + s.gate()) || !stacked;
    boolean turned =
        !alone
            && (liesTurned(both, count, 2 * hidden, dim) || liesTurned(down, count, dim, hidden));
    List<FeedForwardSpec> experts = new ArrayList<>(count);
    for (int e = 0; e < count; e++) {
      String name = s.expert(e);
      Stack gateUp = new Stack(both, "", e, count, 0, 2 * hidden);
      Stack last = new Stack(down, "", e, count, 0, dim);
      experts.add(
          alone
              ? new FeedForwardSpec.Gated(
                  LinearSpec.of(name + s.gate(), dim, hidden, bias),
                  LinearSpec.of(name + s.up(), dim, hidden, bias),
                  LinearSpec.of(name + s.down(), hidden, dim, bias),
                  activation)
              : new FeedForwardSpec.Gated(
                  part(name + "gate_proj", dim, hidden, turned, gateUp),
                  part(name + "up_proj", dim, hidden, turned, gateUp.from(hidden)),
                  part(name + "down_proj", hidden, dim, turned, last),
                  activation));
    }
    return experts;
  }

  /** A map without a bias that is part of a stack. */
  static LinearSpec part(String name, int in, int out, boolean turned, Stack stack) {
    return new LinearSpec(name, in, out, false, turned, Optional.of(stack));
  }

  /** Some programs stack {@code [count, in, out]}; of two stacks one tells. */
  private boolean liesTurned(String stack, int count, int out, int in) {
    StoredTensor stored = source.tensor(inside.get(stack));
    return in != out && stored.shape().equals(Shape.of(count, in, out));
  }
}

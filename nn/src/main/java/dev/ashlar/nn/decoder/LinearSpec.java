package dev.ashlar.nn.decoder;

import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A linear map of the checkpoint.
 *
 * @param name module name: relative to the block inside blocks, complete elsewhere
 * @param bias whether it has one
 * @param transposed whether the checkpoint holds {@code [in, out]} (GPT-2's Conv1D)
 * @param stack where it lies if it shares a tensor with others
 */
public record LinearSpec(
    String name, int in, int out, boolean bias, boolean transposed, Optional<Stack> stack) {
  private static final Pattern EXPERT = Pattern.compile("(.*\\bexperts)\\.\\d+\\..*");

  /**
   * A place in a tensor that holds several maps of the same size, one after the other, or wider
   * ones of which this map is some of the outputs.
   *
   * @param weight name of the tensor {@code [count, outputs, in]} (or {@code [count, in, outputs]})
   * @param bias name of the tensor {@code [count, outputs]}, if there are biases
   * @param first the output of the stacked map that is this one's first
   * @param outputs of each stacked map
   */
  public record Stack(String weight, String bias, int index, int count, int first, int outputs) {
    /** The same map of the stack from another output on. */
    public Stack from(int output) {
      return new Stack(weight, bias, index, count, output, outputs);
    }
  }

  /** Whether a map of that name is one of a routed expert's; those for all tokens are none. */
  public static boolean isExpert(String name) {
    return experts(name).isPresent();
  }

  /** The name of the experts, up to the number of the one that a map is of, if it is of one. */
  public static Optional<String> experts(String name) {
    Matcher m = EXPERT.matcher(name);
    return m.matches() ? Optional.of(m.group(1)) : Optional.empty();
  }

  /** A map stored by itself as {@code [out, in]}. */
  public static LinearSpec of(String name, int in, int out, boolean bias) {
    return new LinearSpec(name, in, out, bias, false, Optional.empty());
  }

  /** A map stored by itself as {@code [in, out]}. */
  public static LinearSpec transposed(String name, int in, int out, boolean bias) {
    return new LinearSpec(name, in, out, bias, true, Optional.empty());
  }

  /** The same map from another number of inputs. */
  LinearSpec withIn(int other) {
    return new LinearSpec(name, other, out, bias, transposed, stack);
  }

  /** The same map to another number of outputs. */
  LinearSpec withOut(int other) {
    return new LinearSpec(name, in, other, bias, transposed, stack);
  }

  /** The same map with or without a bias. */
  public LinearSpec withBias(boolean other) {
    return new LinearSpec(name, in, out, other, transposed, stack);
  }

  /** The same map under another name. */
  public LinearSpec renamed(UnaryOperator<String> f) {
    return new LinearSpec(f.apply(name), in, out, bias, transposed, stack);
  }
}

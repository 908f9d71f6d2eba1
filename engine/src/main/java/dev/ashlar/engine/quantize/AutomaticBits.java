package dev.ashlar.engine.quantize;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.Unquantized;
import dev.ashlar.tuning.autoscheme.AutoScheme;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * That bits are to be chosen for each layer.
 *
 * @param scheme what from, and for which average
 * @param scores file of the layers' sensitivities, read if it is there and fits, written if not;
 *     empty for one beside the work folder
 */
public record AutomaticBits(AutoScheme scheme, Optional<Path> scores) {
  /** What is chosen from if nothing is said. */
  public static final List<String> USUAL = List.of("W2A16G64", "W4A16G64", "W8A16G64");

  private static final List<String> FLOATS = List.of("BF16", "FP16");

  /**
   * @throws IllegalArgumentException if no layer would get codes
   */
  public AutomaticBits {
    if (scheme.options().stream().allMatch(o -> o.scheme().isFloat())) {
      throw new IllegalArgumentException("there is no scheme of codes to choose from");
    }
  }

  /**
   * A scheme to choose from by its common name ({@link NamedScheme}); {@code BF16} and {@code FP16}
   * leave a layer as it is.
   *
   * @param symmetric of integers: whether the zero point is the middle
   * @param scaleType of integers: what scales are rounded to
   * @throws IllegalArgumentException if there is none of that name
   */
  public static AutoScheme.Option option(String name, boolean symmetric, DType scaleType) {
    if (FLOATS.contains(name.toUpperCase(Locale.ROOT))) {
      return new AutoScheme.Option(name, new Unquantized());
    }
    NamedScheme named = NamedScheme.require(name);
    QuantScheme scheme =
        named.floats().isPresent()
            ? named.scheme(true, DType.F16)
            : named.scheme(symmetric, scaleType);
    return new AutoScheme.Option(name, scheme);
  }

  /** The first scheme of codes: what layers have that nothing speaks of. */
  public QuantScheme first() {
    return scheme.options().stream()
        .map(AutoScheme.Option::scheme)
        .filter(s -> !s.isFloat())
        .findFirst()
        .orElseThrow();
  }
}

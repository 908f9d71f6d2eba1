package dev.ashlar.tuning.autoscheme;

import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.Unquantized;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A scheme that layers may get.
 *
 * @param name what users call it
 * @param scheme of layers whose rows it divides into whole blocks
 * @param otherwise what others get, in order of preference; those that none of them divides stay
 *     float. None if the scheme is for all layers
 */
public record SchemeOption(String name, QuantScheme scheme, List<QuantScheme> otherwise) {
  public SchemeOption {
    otherwise = List.copyOf(otherwise);
  }

  /** A scheme for all layers. */
  public SchemeOption(String name, QuantScheme scheme) {
    this(name, scheme, List.of());
  }

  /** What a layer of {@code in} inputs gets. */
  public QuantScheme of(long in) {
    return otherwise.isEmpty()
        ? scheme
        : schemes().filter(s -> s.divides(in)).findFirst().orElseGet(Unquantized::new);
  }

  private Stream<QuantScheme> schemes() {
    return Stream.concat(Stream.of(scheme), otherwise.stream());
  }

  /** What tells it from others, whatever it is called. */
  public String description() {
    return schemes().map(QuantScheme::toString).collect(Collectors.joining(" or "));
  }
}

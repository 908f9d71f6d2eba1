package dev.ashlar.engine.quantize;

import dev.ashlar.formats.export.ExportFormat;
import dev.ashlar.formats.export.ExportFormats;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.Unquantized;
import dev.ashlar.tuning.autoscheme.AutoScheme;
import dev.ashlar.tuning.autoscheme.SchemeOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

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
   * leave a layer as it is, and {@code GGUF:Q4_K_S} and the like are the types of GGUF, with those
   * that take their place where rows hold no whole blocks.
   *
   * @param symmetric of integers: whether the zero point is the middle
   * @param scaleType of integers: what scales are rounded to
   * @throws IllegalArgumentException if there is none of that name
   */
  public static SchemeOption option(String name, boolean symmetric, DType scaleType) {
    if (FLOATS.contains(name.toUpperCase(Locale.ROOT))) {
      return new SchemeOption(name, new Unquantized());
    }
    Optional<ExportFormat> format = FormatSchemes.named(name);
    if (format.isPresent()) {
      return ofFormat(name, format.get());
    }
    NamedScheme named = NamedScheme.require(name);
    QuantScheme scheme =
        named.floats().isPresent()
            ? named.scheme(true, DType.F16)
            : named.scheme(symmetric, scaleType);
    return new SchemeOption(name, scheme);
  }

  private static SchemeOption ofFormat(String name, ExportFormat format) {
    List<QuantScheme> schemes = format.layerSchemes();
    if (schemes.isEmpty()) {
      throw new IllegalArgumentException(
          name
              + " is no type that layers can have one by one; there are "
              + ExportFormats.every()
                  .filter(f -> !f.layerSchemes().isEmpty())
                  .map(f -> f.name().toUpperCase(Locale.ROOT))
                  .collect(Collectors.joining(", ")));
    }
    return new SchemeOption(name, schemes.getFirst(), schemes.subList(1, schemes.size()));
  }

  /** The format whose types are among what is chosen from: no other is written. */
  public Optional<ExportFormat> format() {
    return scheme.options().stream()
        .flatMap(o -> FormatSchemes.named(o.name()).stream())
        .flatMap(f -> ExportFormats.named(f.name().replaceFirst(":.*", "")).stream())
        .findFirst();
  }

  /** The first scheme of codes: what layers have that nothing speaks of. */
  public QuantScheme first() {
    return scheme.options().stream()
        .map(SchemeOption::scheme)
        .filter(s -> !s.isFloat())
        .findFirst()
        .orElseThrow();
  }
}

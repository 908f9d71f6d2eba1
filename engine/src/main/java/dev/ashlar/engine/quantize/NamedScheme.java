package dev.ashlar.engine.quantize;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.quant.ActivationScheme;
import dev.ashlar.tensor.quant.ActivationScheme.Element;
import dev.ashlar.tensor.quant.FloatFormat;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A scheme by its common name, such as {@code W4A16}, {@code W2A16G64} or {@code INT8} (AutoRound's
 * and the field's): symmetric, groups of 128 unless the name says otherwise.
 *
 * @param bits code width
 * @param groupSize inputs per group; −1 for whole rows
 * @param inputs how inputs are rounded, or empty if they are taken as they are
 * @param floats the small floats that weights are, or empty for integers
 */
public record NamedScheme(
    int bits, int groupSize, Optional<ActivationScheme> inputs, Optional<FloatGrid> floats) {
  /** What holds if nothing is said. */
  public static final NamedScheme DEFAULT = new NamedScheme(4, 128);

  private static final int FLOAT = 16;

  private static final int TILE = 128;

  /** Names that say no numbers, in the order in which they are listed. */
  private static final Map<String, NamedScheme> WORDS = words();

  private static Map<String, NamedScheme> words() {
    Map<String, NamedScheme> words = new LinkedHashMap<>();
    words.put("INT8", new NamedScheme(8, -1, tokens(8)));
    words.put("W8A8", new NamedScheme(8, -1, tokens(8)));
    words.put("INT4", new NamedScheme(4, -1, tokens(4)));
    words.put("MXFP4", of(FloatGrid.mxfp4()));
    words.put("MXFP8", of(FloatGrid.mxfp8()));
    words.put("NVFP4", of(FloatGrid.nvfp4()));
    words.put("FP8_STATIC", fp8(FloatGrid.fp8(FloatFormat.E4M3), 0, false));
    words.put("FP8_BLOCK", fp8(FloatGrid.tiles(FloatFormat.E4M3, TILE), TILE, true));
    FloatGrid whole = new FloatGrid(FloatFormat.E4M3, 0, FloatGrid.Scale.F32);
    words.put("FPW8A16", new NamedScheme(8, 0, Optional.empty(), Optional.of(whole)));
    return words;
  }

  private static final Pattern ELSEWHERE =
      Pattern.compile("W\\d+A\\d+.*|(MX|NV)?FP\\d.*|MXINT.*|INT\\d.*|GGUF:.*|BF16|FPW8.*");

  private static final Pattern NAME = Pattern.compile("W([2-8])A(4|8|16)(?:G(\\d{1,5}))?");

  /** Inputs are rounded as weights are, in groups of the same size. */
  private static NamedScheme of(FloatGrid grid) {
    Element element = new Element.Floats(grid.element(), grid.scale());
    return new NamedScheme(
        grid.codeBits(),
        grid.blockSize(),
        Optional.of(new ActivationScheme(element, grid.blockSize(), true)),
        Optional.of(grid));
  }

  private static NamedScheme fp8(FloatGrid grid, int inputs, boolean dynamic) {
    Element element = new Element.Floats(FloatFormat.E4M3);
    return new NamedScheme(
        grid.codeBits(),
        grid.blockSize(),
        Optional.of(new ActivationScheme(element, inputs, dynamic)),
        Optional.of(grid));
  }

  /** A scheme of integers. */
  public NamedScheme(int bits, int groupSize, Optional<ActivationScheme> inputs) {
    this(bits, groupSize, inputs, Optional.empty());
  }

  /** A scheme that takes inputs as they are. */
  public NamedScheme(int bits, int groupSize) {
    this(bits, groupSize, Optional.empty());
  }

  /** Inputs with a scale for each token, taken from the token. */
  private static Optional<ActivationScheme> tokens(int bits) {
    return Optional.of(new ActivationScheme(new Element.Integers(bits, true), -1, true));
  }

  /**
   * The scheme of that name.
   *
   * @throws IllegalArgumentException if there is none, saying what there is
   */
  public static NamedScheme require(String name) {
    return named(name)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "no scheme '"
                        + name
                        + "'; there are W2A16 to W8A16, the same with A8 or A4, with G64 and the"
                        + " like after them, "
                        + String.join(", ", WORDS.keySet())
                        + hint(name)));
  }

  private static String hint(String name) {
    if (FormatSchemes.named(name).isPresent()) {
      return " (" + name + " is for whole models, as their only scheme, or for --options)";
    }
    return isKnownElsewhere(name)
        ? " (" + name + " is one of auto-round's for kinds of numbers that are not written here)"
        : "";
  }

  /** Whether it is a scheme of AutoRound's for numbers that are not written here. */
  private static boolean isKnownElsewhere(String name) {
    return ELSEWHERE.matcher(name.toUpperCase(Locale.ROOT)).matches();
  }

  /** The scheme of that name, in capitals or not. */
  public static Optional<NamedScheme> named(String name) {
    String capitals = name.toUpperCase(Locale.ROOT);
    if (WORDS.containsKey(capitals)) {
      return Optional.of(WORDS.get(capitals));
    }
    Matcher m = NAME.matcher(capitals);
    if (!m.matches() || (m.group(3) != null && Integer.parseInt(m.group(3)) == 0)) {
      return Optional.empty();
    }
    int group = m.group(3) == null ? DEFAULT.groupSize() : Integer.parseInt(m.group(3));
    int inputs = Integer.parseInt(m.group(2));
    return Optional.of(
        new NamedScheme(
            Integer.parseInt(m.group(1)),
            group,
            inputs == FLOAT ? Optional.empty() : tokens(inputs)));
  }

  /** Integers of another width. */
  public NamedScheme withBits(int other) {
    return new NamedScheme(other, groupSize, inputs);
  }

  /** Integers in other groups. */
  public NamedScheme withGroupSize(int other) {
    return new NamedScheme(bits, other, inputs);
  }

  /**
   * The scheme itself.
   *
   * @param symmetric of integers: whether the zero point is the middle
   * @param scaleType of integers: what scales are rounded to
   * @throws IllegalArgumentException if small floats are to have anything else than they have
   */
  public QuantScheme scheme(boolean symmetric, DType scaleType) {
    if (floats.isEmpty()) {
      return new IntegerGrid(bits, groupSize, symmetric, scaleType).withActivations(inputs);
    }
    if (!symmetric || scaleType != DType.F16) {
      throw new IllegalArgumentException("small floats have scales of their own, no zero points");
    }
    return floats.get().withActivations(inputs);
  }

  /**
   * The scheme in the keys of a layer's configuration.
   *
   * @throws IllegalArgumentException if they have no words for it
   */
  Map<String, Object> keys() {
    if (floats.isPresent() && floats.get().blockRows() > 1) {
      throw new IllegalArgumentException("tiles of weights are for whole models, not for a layer");
    }
    Map<String, Object> keys = new LinkedHashMap<>();
    floats.ifPresent(f -> keys.put("data_type", type(f.scale())));
    keys.put("bits", (long) bits);
    keys.put("group_size", (long) groupSize);
    keys.put("act_bits", (long) inputs.map(a -> a.element().bits()).orElse(FLOAT));
    inputs.ifPresent(
        a -> {
          if (a.element() instanceof Element.Floats f) {
            keys.put("act_data_type", type(f.scale()));
          }
          keys.put("act_group_size", (long) a.groupSize());
          keys.put("act_dynamic", a.dynamic());
        });
    return keys;
  }

  private static String type(FloatGrid.Scale scale) {
    return switch (scale) {
      case E8M0 -> "mx_fp";
      case E4M3 -> "nv_fp";
      case F32, F16, BF16 -> "fp8";
    };
  }
}

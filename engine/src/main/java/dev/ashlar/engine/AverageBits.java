package dev.ashlar.engine;

import dev.ashlar.engine.quantize.AutomaticBits;
import dev.ashlar.engine.quantize.NamedScheme;
import dev.ashlar.tensor.DType;
import dev.ashlar.tuning.autoscheme.AutoScheme;
import dev.ashlar.tuning.autoscheme.SchemeOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A scheme for each layer instead of one for all: chosen so that weights have so many bits on
 * average and the model minds least ({@link AutoScheme}). How much it minds is measured once, with
 * 16 samples of the calibration data, and kept in a file; another average is then chosen at once.
 *
 * {@snippet :
 * Quantization.of("models/Qwen3-0.6B")
 *     .bits(AverageBits.of(3.5).from("W2A16G64", "W3A16G64", "W4A16G64", "BF16"))
 *     .into(Path.of("out"))
 *     .run();
 * }
 *
 * <p>Layers that a rule of {@link Quantization#plan} names keep the rule's scheme and count in the
 * average. The method and every format must be able to take all schemes beside each other: small
 * floats ({@code MXFP4}, {@code MXFP8}, {@code FPW8A16}) go with methods and formats that have
 * them.
 *
 * @param average bits of a weight
 * @param schemes names of what is chosen from
 * @param symmetric of integers: whether the zero point is the middle
 * @param scaleType of integers: what scales are rounded to, {@code F16} or {@code F32}, and what
 *     they count in the average
 * @param shared groups of parts of layer names; layers of a block whose names have one of a group's
 *     parts get the same scheme
 * @param bareCodes whether the bits of scales and zero points are left out of the average
 * @param scores the file where it is kept how much layers mind; empty for one beside the work
 *     folder
 */
public record AverageBits(
    double average,
    List<String> schemes,
    boolean symmetric,
    DType scaleType,
    List<List<String>> shared,
    boolean bareCodes,
    Optional<Path> scores) {
  public AverageBits {
    schemes = List.copyOf(schemes);
    shared = List.copyOf(shared);
  }

  /** So many bits on average, scales and zero points included, of 2, 4 and 8 in groups of 64. */
  public static AverageBits of(double average) {
    return new AverageBits(
        average, AutomaticBits.USUAL, true, DType.F16, List.of(), false, Optional.empty());
  }

  /**
   * Chosen from others: names as {@link Quantization#scheme} takes them, and {@code BF16} for
   * layers that are left as they are; types of GGUF, such as {@code GGUF:Q4_K_S}, for a file of
   * that format.
   */
  public AverageBits from(String... names) {
    return new AverageBits(
        average, List.of(names), symmetric, scaleType, shared, bareCodes, scores);
  }

  /** With a zero point for each group of integers instead of the middle. */
  public AverageBits asymmetric() {
    return new AverageBits(average, schemes, false, scaleType, shared, bareCodes, scores);
  }

  /** With another type of the scales of integers, in files too. */
  public AverageBits scaleType(DType type) {
    return new AverageBits(average, schemes, symmetric, type, shared, bareCodes, scores);
  }

  /** With one scheme for the layers of a block whose names have one of {@code parts}. */
  public AverageBits sharing(String... parts) {
    List<List<String>> all = new ArrayList<>(shared);
    all.add(List.of(parts));
    return new AverageBits(average, schemes, symmetric, scaleType, all, bareCodes, scores);
  }

  /** With an average of the codes alone. */
  public AverageBits ofCodesAlone() {
    return new AverageBits(average, schemes, symmetric, scaleType, shared, true, scores);
  }

  /** With a file of its own for how much layers mind; read if it is there and fits. */
  public AverageBits keptIn(Path file) {
    return new AverageBits(
        average, schemes, symmetric, scaleType, shared, bareCodes, Optional.of(file));
  }

  /**
   * What is asked for.
   *
   * @throws IllegalArgumentException if a name is unknown, the average is not of 1 to 16 bits, or
   *     there is nothing to choose from
   */
  AutomaticBits settled(NamedScheme one, boolean oneSymmetric, DType oneScaleType) {
    if (!one.equals(NamedScheme.DEFAULT) || !oneSymmetric || oneScaleType != DType.F16) {
      throw new IllegalArgumentException(
          "bits, groupSize, scheme, asymmetric and scaleType have no effect beside an average, whose"
              + " own from, asymmetric and scaleType say what is chosen from");
    }
    List<SchemeOption> options =
        schemes.stream().map(n -> AutomaticBits.option(n, symmetric, scaleType)).toList();
    return new AutomaticBits(new AutoScheme(average, options, shared, bareCodes), scores);
  }
}

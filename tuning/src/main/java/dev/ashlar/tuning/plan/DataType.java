package dev.ashlar.tuning.plan;

import dev.ashlar.tensor.quant.ActivationScheme;
import dev.ashlar.tensor.quant.FileBlocks;
import dev.ashlar.tensor.quant.FloatFormat;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.SuperGrid;
import dev.ashlar.tensor.quant.Unquantized;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/** Kinds of numbers that rules name, in AutoRound's spelling. */
public enum DataType {
  INT("int"),
  /** Left as it is. */
  FLOAT("float"),
  FP8_E4M3("fp8"),
  FP8_E5M2("fp8_e5m2"),
  /** Blocks of 32 small floats with a power of two: MXFP4 or MXFP8 by the bits. */
  MX_FP("mx_fp"),
  /** Blocks of 16 FP4 with an FP8 scale. */
  NV_FP("nv_fp");

  private final String spelling;

  DataType(String spelling) {
    this.spelling = spelling;
  }

  /** The type that is spelled so. */
  public static Optional<DataType> of(String spelling) {
    return Arrays.stream(values()).filter(t -> t.spelling.equals(spelling)).findFirst();
  }

  /** All spellings, for messages. */
  public static String spellings() {
    return Arrays.stream(values()).map(t -> t.spelling).collect(Collectors.joining(", "));
  }

  /** The type that a rule without one keeps. */
  static DataType of(QuantScheme scheme) {
    return switch (scheme) {
      case IntegerGrid g -> INT;
      case SuperGrid g -> INT;
      case FileBlocks b -> INT;
      case Unquantized u -> INT;
      case FloatGrid g ->
          switch (g.scale()) {
            case E8M0 -> MX_FP;
            case E4M3 -> NV_FP;
            case F32, F16, BF16 -> g.element() == FloatFormat.E5M2 ? FP8_E5M2 : FP8_E4M3;
          };
    };
  }

  /** The type of rounded inputs. */
  static DataType of(ActivationScheme.Element element) {
    return switch (element) {
      case ActivationScheme.Element.Integers n -> INT;
      case ActivationScheme.Element.Floats f ->
          switch (f.scale()) {
            case E8M0 -> MX_FP;
            case E4M3 -> NV_FP;
            case F32, F16, BF16 -> f.format() == FloatFormat.E5M2 ? FP8_E5M2 : FP8_E4M3;
          };
    };
  }

  /**
   * The small float of so many bits.
   *
   * @throws IllegalArgumentException if there is none
   */
  FloatFormat element(int bits) {
    FloatFormat element =
        switch (this) {
          case FP8_E4M3 -> FloatFormat.E4M3;
          case FP8_E5M2 -> FloatFormat.E5M2;
          case MX_FP -> bits == 4 ? FloatFormat.E2M1 : FloatFormat.E4M3;
          case NV_FP -> FloatFormat.E2M1;
          case INT, FLOAT -> throw new IllegalArgumentException(spelling + " is no small float");
        };
    if (element.bits() != bits) {
      throw new IllegalArgumentException(spelling + " does not come with " + bits + " bits");
    }
    return element;
  }

  /** Elements of a block where a rule does not say; −1 for a row. */
  int blockSize() {
    return this == MX_FP ? 32 : this == NV_FP ? 16 : -1;
  }

  /** What scales of weights are stored as. */
  FloatGrid.Scale scale() {
    return this == MX_FP
        ? FloatGrid.Scale.E8M0
        : this == NV_FP ? FloatGrid.Scale.E4M3 : FloatGrid.Scale.F32;
  }

  @Override
  public String toString() {
    return spelling;
  }
}

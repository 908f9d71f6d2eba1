package dev.ashlar.tensor.quant;

import java.util.Optional;

/**
 * What the stored values of a linear map mean, and how its inputs are taken: a description that
 * methods, layouts and kernels are asked about before any work is done.
 *
 * <p>Descriptions may say more than can be done: many methods choose codes on {@link IntegerGrid}s
 * alone, and many layouts spell those alone. Whoever cannot do what a scheme says refuses it with
 * one sentence ({@link #beyondIntegers}), and never takes it for something else.
 */
public sealed interface QuantScheme
    permits IntegerGrid, FloatGrid, SuperGrid, FileBlocks, Unquantized {
  /** Number of bits by which configurations say that a layer is not quantized. */
  int FLOAT_BITS = 16;

  /** How inputs are rounded, or empty if they are taken as they are. */
  Optional<ActivationScheme> activations();

  /** Bits of a weight's code; {@link #FLOAT_BITS} where there are no codes. */
  default int codeBits() {
    return switch (this) {
      case IntegerGrid g -> g.bits();
      case FloatGrid g -> g.element().bits();
      case SuperGrid g -> g.bits();
      case FileBlocks b -> Byte.SIZE * b.bytes() / b.elements();
      case Unquantized u -> FLOAT_BITS;
    };
  }

  /** Whether calibration data have to say what inputs reach. */
  default boolean needsInputRange() {
    return activations().filter(ActivationScheme::needsLargest).isPresent();
  }

  /** The same scheme for inputs that are rounded so, or taken as they are. */
  default QuantScheme withInputs(Optional<ActivationScheme> inputs) {
    return switch (this) {
      case IntegerGrid g -> g.withActivations(inputs);
      case FloatGrid g -> g.withActivations(inputs);
      case SuperGrid g -> g;
      case FileBlocks b -> b;
      case Unquantized u -> u;
    };
  }

  /**
   * Whether a linear map {@code [out, in]} may be stored as codes at all: packed formats and their
   * kernels work on multiples of 32, and peers leave others float too.
   */
  static boolean quantizable(long out, long in) {
    return out > 0 && in > 0 && out % 32 == 0 && in % 32 == 0;
  }

  /** Whether groups or blocks divide rows of {@code in} inputs: none is shorter than the others. */
  default boolean divides(long in) {
    return switch (this) {
      case IntegerGrid g -> g.groupSize() < 0 || in % g.groupSize() == 0;
      case FloatGrid g -> g.blockSize() <= 0 || in % g.blockSize() == 0;
      case SuperGrid g -> in % g.blockSize() == 0;
      case FileBlocks b -> in % b.elements() == 0;
      case Unquantized u -> true;
    };
  }

  /** Whether the layer is left as it is. */
  default boolean isFloat() {
    return this instanceof Unquantized;
  }

  /** Whether a method chooses codes of this kind: neither floats nor what files make of them. */
  default boolean hasCodes() {
    return !isFloat() && !(this instanceof FileBlocks);
  }

  /**
   * Why this is more than integer weights beside inputs as they are, as the end of a sentence about
   * who takes nothing else; empty if it is not.
   */
  default Optional<String> beyondIntegers() {
    return switch (this) {
      case IntegerGrid g ->
          g.activations().map(a -> "takes inputs as they are and does not round them");
      case FloatGrid g -> Optional.of("knows integer weights only, not small floats");
      case SuperGrid g ->
          Optional.of("knows scales of one level only, not multiples in super-blocks");
      case FileBlocks b -> Optional.of("knows integer weights only, not a file's blocks");
      case Unquantized u -> Optional.of("knows integer weights only, not unquantized ones");
    };
  }

  /** The same as {@link #beyondIntegers} for those who leave inputs to others. */
  default Optional<String> beyondIntegerWeights() {
    return this instanceof IntegerGrid ? Optional.empty() : beyondIntegers();
  }

  /**
   * This scheme as the integer grid of its weights, however inputs are taken.
   *
   * @param who asks for one, as the beginning of a sentence
   * @throws IllegalArgumentException if weights are no integers
   */
  default IntegerGrid integerWeights(String who) {
    return this instanceof IntegerGrid grid ? grid : integers(who);
  }

  /**
   * This scheme as the integer grid that it is.
   *
   * @param who asks for one, as the beginning of a sentence
   * @throws IllegalArgumentException if it is more than that
   */
  default IntegerGrid integers(String who) {
    beyondIntegers()
        .ifPresent(
            reason -> {
              throw new IllegalArgumentException(who + " " + reason + " (" + this + ")");
            });
    return (IntegerGrid) this;
  }
}

package dev.ashlar.tuning.plan;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.quant.ActivationScheme;
import dev.ashlar.tensor.quant.FileBlocks;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.SuperGrid;
import dev.ashlar.tensor.quant.Unquantized;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The parts of a scheme that a rule sets; what is empty is taken from the default.
 *
 * @param weights what the weights are stored as
 * @param inputs how the inputs are rounded
 */
public record SchemeOverride(Weights weights, Inputs inputs) {
  /**
   * The parts that say what weights are stored as.
   *
   * @param bits code width; 16 leaves the layer float
   * @param groupSize inputs per scale, or -1 for one scale per row
   * @param symmetric whether the zero point is fixed at the middle
   * @param scaleType what scales of integer codes are rounded to
   * @param type the kind of numbers
   */
  public record Weights(
      OptionalInt bits,
      OptionalInt groupSize,
      Optional<Boolean> symmetric,
      Optional<DType> scaleType,
      Optional<DataType> type) {
    /** Nothing of its own. */
    public static final Weights NONE =
        new Weights(
            OptionalInt.empty(),
            OptionalInt.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());

    private QuantScheme over(QuantScheme base, Optional<ActivationScheme> activations) {
      DataType kind = type.orElse(DataType.of(base));
      int width = bits.orElse(base.codeBits());
      if (kind == DataType.FLOAT || width >= QuantScheme.FLOAT_BITS) {
        return new Unquantized();
      }
      return kind == DataType.INT
          ? integers(base, width, activations)
          : floats(base, kind, width, activations);
    }

    private QuantScheme integers(
        QuantScheme base, int width, Optional<ActivationScheme> activations) {
      IntegerGrid grid = base instanceof IntegerGrid g ? g : new IntegerGrid(width, -1, true);
      return new IntegerGrid(
          width,
          groupSize.orElse(grid.groupSize()),
          symmetric.orElse(grid.symmetric()),
          scaleType.orElse(grid.scaleType()),
          activations);
    }

    private QuantScheme floats(
        QuantScheme base, DataType kind, int width, Optional<ActivationScheme> activations) {
      if (!symmetric.orElse(true) || scaleType.isPresent()) {
        throw new IllegalArgumentException(
            kind + " has neither zero points nor a choice of scale types");
      }
      boolean same = base instanceof FloatGrid g && DataType.of(g) == kind;
      int size = same ? ((FloatGrid) base).blockSize() : kind.blockSize();
      int rows = same && groupSize.isEmpty() ? ((FloatGrid) base).blockRows() : 1;
      return new FloatGrid(
          kind.element(width), groupSize.orElse(size), rows, kind.scale(), activations);
    }
  }

  /**
   * The parts that say how inputs are rounded.
   *
   * @param bits of an input; 16 takes inputs as they are
   * @param groupSize inputs of a token per scale; -1 for one scale per token, 0 for one for all
   * @param symmetric whether zero is the middle of the range
   * @param type the kind of numbers
   * @param dynamic whether scales are taken from the inputs themselves
   */
  public record Inputs(
      OptionalInt bits,
      OptionalInt groupSize,
      Optional<Boolean> symmetric,
      Optional<DataType> type,
      Optional<Boolean> dynamic) {
    /** Nothing of its own. */
    public static final Inputs NONE =
        new Inputs(
            OptionalInt.empty(),
            OptionalInt.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());

    private static Inputs exactly(ActivationScheme scheme) {
      return new Inputs(
          OptionalInt.of(scheme.element().bits()),
          OptionalInt.of(scheme.groupSize()),
          scheme.element() instanceof ActivationScheme.Element.Integers n
              ? Optional.of(n.symmetric())
              : Optional.empty(),
          Optional.of(DataType.of(scheme.element())),
          Optional.of(scheme.dynamic()));
    }

    private Optional<ActivationScheme> over(Optional<ActivationScheme> base) {
      int width = bits.orElse(base.map(a -> a.element().bits()).orElse(QuantScheme.FLOAT_BITS));
      DataType kind = type.orElse(DataType.INT);
      if (equals(NONE) || (bits.isEmpty() && type.isEmpty() && base.isEmpty())) {
        return base;
      }
      if (kind == DataType.FLOAT || width >= QuantScheme.FLOAT_BITS) {
        return Optional.empty();
      }
      return Optional.of(
          new ActivationScheme(
              element(kind, width, base),
              groupSize.orElse(base.map(ActivationScheme::groupSize).orElse(kind.blockSize())),
              dynamic.orElse(base.map(ActivationScheme::dynamic).orElse(true))));
    }

    private ActivationScheme.Element element(
        DataType kind, int width, Optional<ActivationScheme> base) {
      if (type.isEmpty()
          && base.isPresent()
          && base.get().element() instanceof ActivationScheme.Element.Floats floats
          && floats.bits() == width) {
        return floats;
      }
      return kind == DataType.INT
          ? new ActivationScheme.Element.Integers(width, symmetric.orElse(true))
          : new ActivationScheme.Element.Floats(kind.element(width), kind.scale());
    }
  }

  /**
   * An override that says all of a scheme: over any base it is that scheme.
   *
   * @throws IllegalArgumentException for tiles and blocks of files, which no rule can say
   */
  public static SchemeOverride exactly(QuantScheme scheme) {
    if (scheme instanceof FloatGrid grid && grid.blockRows() > 1) {
      throw new IllegalArgumentException("tiles are for whole models, not for a rule: " + scheme);
    }
    Inputs inputs =
        scheme
            .activations()
            .map(Inputs::exactly)
            .orElseGet(
                () ->
                    new Inputs(
                        OptionalInt.of(QuantScheme.FLOAT_BITS),
                        OptionalInt.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty()));
    return switch (scheme) {
      case Unquantized u -> bits(QuantScheme.FLOAT_BITS);
      case SuperGrid g -> throw unspeakable(g);
      case FileBlocks b -> throw unspeakable(b);
      case IntegerGrid g ->
          new SchemeOverride(
              new Weights(
                  OptionalInt.of(g.bits()),
                  OptionalInt.of(g.groupSize()),
                  Optional.of(g.symmetric()),
                  Optional.of(g.scaleType()),
                  Optional.of(DataType.INT)),
              inputs);
      case FloatGrid g ->
          new SchemeOverride(
              new Weights(
                  OptionalInt.of(g.element().bits()),
                  OptionalInt.of(g.blockSize()),
                  Optional.empty(),
                  Optional.empty(),
                  Optional.of(DataType.of(g))),
              inputs);
    };
  }

  private static IllegalArgumentException unspeakable(QuantScheme scheme) {
    return new IllegalArgumentException("no rule can say a file's own blocks: " + scheme);
  }

  /** An override of the code width alone. */
  public static SchemeOverride bits(int bits) {
    return of(OptionalInt.of(bits), OptionalInt.empty(), Optional.empty());
  }

  /** An override of what integer codes are most often told apart by. */
  public static SchemeOverride of(
      OptionalInt bits, OptionalInt groupSize, Optional<Boolean> symmetric) {
    return new SchemeOverride(
        new Weights(bits, groupSize, symmetric, Optional.empty(), Optional.empty()), Inputs.NONE);
  }

  /**
   * {@code base} with this rule's parts in place of its own.
   *
   * @throws IllegalArgumentException if the parts contradict each other
   */
  public QuantScheme over(QuantScheme base) {
    return weights.over(base, inputs.over(base.activations()));
  }
}

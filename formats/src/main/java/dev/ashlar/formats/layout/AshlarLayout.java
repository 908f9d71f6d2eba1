package dev.ashlar.formats.layout;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.Codes;
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.Outliers;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Ashlar's own layout, for what others have no room for (docs/formats.md, ashlar): weights beside
 * the codes, groups with float minimums.
 *
 * <pre>
 * codes           I32 [out, b, in/32]     bit stream of each output, input 0 first
 * scales          F16|F32 [out, groups]
 * zeros           U8 [out, groups]        integer zero points: w = scale·(code − zero), or
 * minimums        F16|F32 [out, groups]   w = scale·code + minimum
 * g_idx           I32 [in]                optional: the group of each input, else k / g
 * outlier_starts  I32 [out + 1]           of single weights: where each output's begin
 * outlier_inputs  I32 [n]                 their inputs, ascending for each output; or whole columns
 * outlier_values  F16|F32 [n]             what is added to w; [out, n] for whole columns
 * </pre>
 */
final class AshlarLayout implements PackedLayout {
  /** Groups that are not declared are multiples of so many inputs. */
  private static final int SIZES = 16;

  private static final String CODES = "codes";
  private static final String SCALES = PackedScales.PART;
  private static final String ZEROS = "zeros";
  private static final String MINIMUMS = "minimums";
  private static final String STARTS = "outlier_starts";
  private static final String INPUTS = "outlier_inputs";
  private static final String VALUES = "outlier_values";

  @Override
  public String name() {
    return "ashlar";
  }

  @Override
  public List<String> parts() {
    return List.of(CODES, SCALES, ZEROS, MINIMUMS, GroupIndex.PART, STARTS, INPUTS, VALUES);
  }

  @Override
  public Optional<String> refusal(int out, int in, QuantScheme scheme) {
    if (!(scheme instanceof IntegerGrid grid) || grid.activations().isPresent()) {
      return scheme.beyondIntegers();
    }
    if (!GptqLayout.supportsBits(grid.bits())) {
      return Optional.of("holds 2, 3, 4 or 8 bits, not " + grid.bits());
    }
    if (in % 32 != 0) {
      return Optional.of("needs inputs that are a multiple of 32, not " + in);
    }
    return Optional.empty();
  }

  @Override
  public List<PackedTensor> pack(String module, QuantizedMatrix q) {
    refusal(q.out(), q.in(), q.scheme())
        .ifPresent(
            reason -> {
              throw new IllegalArgumentException(module + ": layout " + name() + " " + reason);
            });
    List<PackedTensor> parts = new ArrayList<>();
    parts.add(packCodes(module, q));
    Shape groups = Shape.of(q.out(), q.groupsPerRow());
    switch (q.groups()) {
      case Groups.ZeroPoints g -> {
        boolean half = g.grid().scaleType() == DType.F16;
        parts.add(PlainParts.floats(module, SCALES, groups, g.scales(), half));
        parts.add(new PackedTensor(module + "." + ZEROS, DType.U8, groups, g.zeros()));
      }
      case Groups.Minimums g -> {
        boolean half = PlainParts.fitHalf(g.scales()) && PlainParts.fitHalf(g.minimums());
        parts.add(PlainParts.floats(module, SCALES, groups, g.scales(), half));
        parts.add(PlainParts.floats(module, MINIMUMS, groups, g.minimums(), half));
      }
      case Groups.Scales g ->
          throw new IllegalArgumentException(
              module + ": layout " + name() + " has no small floats");
      case Groups.SuperBlocks g ->
          throw new IllegalArgumentException(
              module + ": layout " + name() + " has no groups of two levels");
    }
    if (q.groupOfColumn() != null) {
      parts.add(GroupIndex.pack(module, q));
    }
    q.outliers().filter(o -> o.count() > 0).ifPresent(o -> packOutliers(module, q.out(), o, parts));
    return parts;
  }

  private static PackedTensor packCodes(String module, QuantizedMatrix q) {
    int bits = q.codes().bits();
    int in = q.in();
    int[] words = new int[Math.multiplyExact(q.out(), in / 32 * bits)];
    Parallel.rows(
        q.out(),
        16,
        (from, to) -> {
          for (int o = from; o < to; o++) {
            BitStream.pack(q.codes().values(), o * in, 1, in, bits, words, o * (in / 32) * bits);
          }
        });
    return PlainParts.ints(module, CODES, Shape.of(q.out(), bits, in / 32), words);
  }

  private static void packOutliers(
      String module, int out, Outliers outliers, List<PackedTensor> parts) {
    switch (outliers) {
      case Outliers.Entries o -> {
        parts.add(PlainParts.ints(module, STARTS, Shape.of(o.start().length), o.start()));
        parts.add(PlainParts.ints(module, INPUTS, Shape.of(o.columns().length), o.columns()));
        Shape shape = Shape.of(o.count());
        parts.add(
            PlainParts.floats(module, VALUES, shape, o.values(), PlainParts.fitHalf(o.values())));
      }
      case Outliers.Columns o -> {
        parts.add(PlainParts.ints(module, INPUTS, Shape.of(o.columns().length), o.columns()));
        Shape shape = Shape.of(out, o.columns().length);
        parts.add(
            PlainParts.floats(module, VALUES, shape, o.values(), PlainParts.fitHalf(o.values())));
      }
    }
  }

  @Override
  public PackedGeometry geometry(PackedModule packed, IntegerGrid declared) {
    Shape codes = packed.part(CODES, 3, DType.I32).shape();
    long out = codes.dim(0);
    long in = Math.multiplyExact(codes.dim(2), 32);
    packed.sizeFault(CODES, out, in).ifPresent(PackedModule::raise);
    if (codes.dim(1) > 8 || !GptqLayout.supportsBits((int) codes.dim(1))) {
      throw packed.fault(CODES, "2, 3, 4 or 8 bits", codes.dim(1) + "", "");
    }
    long groups = packed.part(SCALES, 2, DType.F16, DType.F32).shape().dim(1);
    IntegerGrid scheme = stored(packed, declared, (int) codes.dim(1), (int) in, groups);
    PackedGeometry geometry = new PackedGeometry((int) out, (int) in, scheme);
    String reason = scheme + ", " + in + " inputs, " + out + " outputs";
    String offset = packed.find(MINIMUMS).isPresent() ? MINIMUMS : ZEROS;
    if (offset.equals(ZEROS)) {
      packed.part(ZEROS, 2, DType.U8);
    } else {
      packed.part(MINIMUMS, 2, DType.F16, DType.F32);
    }
    for (String part : List.of(SCALES, offset)) {
      packed.shapeFault(part, reason, out, geometry.groups()).ifPresent(PackedModule::raise);
    }
    if (packed.find(GroupIndex.PART).isPresent()) {
      packed.part(GroupIndex.PART, 1, DType.I32);
      packed.shapeFault(GroupIndex.PART, reason, in).ifPresent(PackedModule::raise);
    }
    outlierShapes(packed, out);
    return geometry;
  }

  /** The declared scheme, or the one that the shapes tell. */
  private static IntegerGrid stored(
      PackedModule packed, IntegerGrid declared, int bits, int in, long groups) {
    if (declared.bits() == bits && declared.groups(in) == groups) {
      return declared;
    }
    // What is cut short also divides somehow; what methods make has round sizes.
    if (groups > in || in % groups != 0 || in / groups % SIZES != 0) {
      throw packed.fault(
          SCALES, "groups of " + declared + " for " + in + " inputs", groups + "", "");
    }
    int size = groups == 1 ? -1 : (int) (in / groups);
    IntegerGrid scheme = new IntegerGrid(bits, size, declared.symmetric());
    packed.believe(scheme, declared);
    return scheme;
  }

  private static void outlierShapes(PackedModule packed, long out) {
    boolean starts = packed.find(STARTS).isPresent();
    if (packed.find(INPUTS).isEmpty() && packed.find(VALUES).isEmpty() && !starts) {
      return;
    }
    long count = packed.part(INPUTS, 1, DType.I32).shape().dim(0);
    packed.part(VALUES, starts ? 1 : 2, DType.F16, DType.F32);
    String reason = count + " outliers";
    if (starts) {
      packed.part(STARTS, 1, DType.I32);
      packed.shapeFault(STARTS, out + " outputs", out + 1).ifPresent(PackedModule::raise);
      packed.shapeFault(VALUES, reason, count).ifPresent(PackedModule::raise);
    } else {
      packed.shapeFault(VALUES, reason, out, count).ifPresent(PackedModule::raise);
    }
  }

  @Override
  public QuantizedMatrix unpack(PackedModule packed, IntegerGrid declared) {
    PackedGeometry geometry = geometry(packed, declared);
    int out = geometry.out();
    int in = geometry.in();
    float[] scales = PlainParts.floats(packed, SCALES);
    Groups groups;
    if (packed.find(MINIMUMS).isPresent()) {
      groups =
          new Groups.Minimums(
              geometry.scheme().effectiveGroup(in), scales, PlainParts.floats(packed, MINIMUMS));
    } else {
      StoredTensor stored = packed.parts().get(ZEROS);
      byte[] zeros = new byte[Math.toIntExact(stored.byteSize())];
      stored.readBytes(0, zeros, 0, zeros.length);
      groups =
          new Groups.ZeroPoints(
              PackedScales.typed(geometry.provenScheme(zeros), scales), scales, zeros);
    }
    Codes codes = new Codes.Integers(geometry.scheme().bits(), unpackCodes(packed, geometry));
    QuantizedMatrix q =
        new QuantizedMatrix(out, in, codes, groups)
            .withGroupOfColumn(GroupIndex.unpack(packed, geometry));
    return packed.find(INPUTS).isEmpty() ? q : q.withOutliers(unpackOutliers(packed, geometry));
  }

  private static byte[] unpackCodes(PackedModule packed, PackedGeometry geometry) {
    int in = geometry.in();
    int bits = geometry.scheme().bits();
    int[] words = PlainParts.ints(packed, CODES);
    byte[] codes = new byte[geometry.out() * in];
    Parallel.rows(
        geometry.out(),
        16,
        (from, to) -> {
          for (int o = from; o < to; o++) {
            BitStream.unpack(words, o * (in / 32) * bits, in, bits, codes, o * in, 1);
          }
        });
    return codes;
  }

  private static Outliers unpackOutliers(PackedModule packed, PackedGeometry geometry) {
    int[] inputs = PlainParts.ints(packed, INPUTS);
    float[] values = PlainParts.floats(packed, VALUES);
    Outliers found;
    if (packed.find(STARTS).isPresent()) {
      int[] starts = PlainParts.ints(packed, STARTS);
      for (int o = 0; o < geometry.out(); o++) {
        if (starts[o] > starts[o + 1] || starts[o] < 0 || starts[o + 1] > inputs.length) {
          throw packed.fault(
              STARTS, "places that rise to " + inputs.length, starts[o + 1] + " of " + o, "");
        }
      }
      found = new Outliers.Entries(starts, inputs, values);
    } else {
      found = new Outliers.Columns(inputs, values);
    }
    try {
      found.check(geometry.out(), geometry.in());
    } catch (IllegalArgumentException e) {
      throw packed.fault(INPUTS, "places of weights", e.getMessage(), "");
    }
    return found;
  }
}

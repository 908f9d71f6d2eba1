package dev.ashlar.formats.layout;

import dev.ashlar.io.InputException;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The GPTQ family (docs/formats.md, GPTQ): codes packed along the inputs, zero points along the
 * outputs, both as dense bit streams of 2, 3, 4 or 8 bits.
 *
 * <pre>
 * qweight I32 [in·b/32, out]      stream of column o = codes of output o, input 0 first
 * qzeros  I32 [groups, out·b/32]  stream of row t = zero fields of group t, output 0 first
 * scales  F16 [groups, out]
 * g_idx   I32 [in]                optional: the group of each input, else k / g
 * </pre>
 *
 * <p>Spellings differ in what a zero field holds ({@link ZeroConvention}) and in whether {@code
 * g_idx} is written where it says nothing; reading honours it wherever it is.
 */
public final class GptqLayout implements PackedLayout {
  private static final String QWEIGHT = "qweight";
  private static final String QZEROS = "qzeros";

  private final String name;
  private final ZeroConvention convention;
  private final boolean writesGroups;

  GptqLayout(String name, ZeroConvention convention, boolean writesGroups) {
    this.name = name;
    this.convention = convention;
    this.writesGroups = writesGroups;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<String> parts() {
    return List.of(QWEIGHT, QZEROS, PackedScales.PART, GroupIndex.PART);
  }

  /** What the zero fields hold. */
  public ZeroConvention convention() {
    return convention;
  }

  @Override
  public Optional<String> refusal(int out, int in, QuantScheme scheme) {
    if (!(scheme instanceof IntegerGrid grid)) {
      return scheme.beyondIntegerWeights();
    }
    if (!supportsBits(grid.bits())) {
      return Optional.of("holds 2, 3, 4 or 8 bits, not " + grid.bits());
    }
    if (out % 32 != 0 || in % 32 != 0) {
      return Optional.of("needs extents that are multiples of 32, not [" + out + ", " + in + "]");
    }
    return Optional.empty();
  }

  static boolean supportsBits(int bits) {
    return bits == 2 || bits == 3 || bits == 4 || bits == 8;
  }

  @Override
  public QuantizedMatrix storable(QuantizedMatrix tensor) {
    return convention == ZeroConvention.V1 ? ZeroMirror.mirrored(tensor) : tensor;
  }

  @Override
  public List<PackedTensor> pack(String module, QuantizedMatrix tensor) {
    refusal(tensor.out(), tensor.in(), tensor.scheme())
        .ifPresent(
            reason -> {
              throw new IllegalArgumentException(module + ": layout " + name + " " + reason);
            });
    List<PackedTensor> parts = new ArrayList<>(4);
    parts.add(packCodes(module, tensor));
    parts.add(packZeros(module, tensor));
    parts.add(PackedScales.pack(module, tensor));
    // Where the family omits g_idx it means k / g: columns in act-order need it all the same.
    if (writesGroups || tensor.groupOfColumn() != null) {
      parts.add(GroupIndex.pack(module, tensor));
    }
    return parts;
  }

  private static PackedTensor packCodes(String module, QuantizedMatrix tensor) {
    int bits = tensor.scheme().bits();
    int in = tensor.in();
    int out = tensor.out();
    int rows = Math.toIntExact(BitStream.words(in, bits));
    WordGrid grid = WordGrid.zeros(rows, out);
    byte[] codes = tensor.codes().values();
    grid.writeColumns((o, words, from) -> BitStream.pack(codes, o * in, 1, in, bits, words, from));
    return new PackedTensor(module + "." + QWEIGHT, DType.I32, Shape.of(rows, out), grid.bytes());
  }

  private PackedTensor packZeros(String module, QuantizedMatrix tensor) {
    int bits = tensor.scheme().bits();
    int out = tensor.out();
    int groups = tensor.groupsPerRow();
    byte[] zeros = tensor.zeroPoints().zeros();
    byte[] fields = new byte[zeros.length];
    for (int i = 0; i < fields.length; i++) {
      int zero = zeros[i] & 0xFF;
      if (!convention.canStore(zero)) {
        throw new IllegalArgumentException(
            module
                + ": layout "
                + name
                + " cannot store the zero point 0 of output "
                + i / groups
                + ", group "
                + i % groups);
      }
      fields[i] = convention.stored(zero, bits);
    }
    int columns = Math.toIntExact(BitStream.words(out, bits));
    WordGrid grid = WordGrid.zeros(groups, columns);
    int[] words = new int[columns];
    for (int g = 0; g < groups; g++) {
      BitStream.pack(fields, g, groups, out, bits, words, 0);
      grid.writeRow(g, words);
    }
    return new PackedTensor(
        module + "." + QZEROS, DType.I32, Shape.of(groups, columns), grid.bytes());
  }

  @Override
  public PackedGeometry geometry(PackedModule packed, IntegerGrid declared) {
    packed.part(QWEIGHT, 2, DType.I32);
    StoredTensor qzeros = packed.part(QZEROS, 2, DType.I32);
    long out = PackedScales.part(packed).shape().dim(1);
    if (packed.find(GroupIndex.PART).isPresent()) {
      packed.part(GroupIndex.PART, 1, DType.I32);
    }
    Trial asDeclared = Trial.of(packed, declared);
    if (asDeclared.fault().isEmpty()) {
      return asDeclared.geometry();
    }
    // The declaration does not fit: see whether the shapes alone tell one story (5.5, rule 6).
    long bits = qzeros.shape().dim(1) * 32 / out;
    if (bits <= 8 && supportsBits((int) bits)) {
      int group = groupSize(packed, (int) bits, declared.groupSize());
      Trial asStored = Trial.of(packed, new IntegerGrid((int) bits, group, declared.symmetric()));
      if (asStored.fault().isEmpty()) {
        IntegerGrid scheme = asStored.geometry().scheme();
        packed.believe(scheme, declared);
        return asStored.geometry();
      }
    }
    throw asDeclared.fault().get();
  }

  /** The group size that the shapes suggest when codes have {@code bits} bits. */
  private static int groupSize(PackedModule packed, int bits, int declared) {
    long in = inputs(packed, bits);
    long groups = packed.parts().get(PackedScales.PART).shape().dim(0);
    if (groups == 1) {
      return -1;
    }
    boolean declaredFits = declared > 0 && Math.ceilDiv(in, declared) == groups;
    // A damaged row count also divides somehow; what quantizers make has round numbers.
    boolean plausible = in % (8 * groups) == 0 && in % 32 == 0 && in <= Integer.MAX_VALUE;
    return declaredFits || !plausible ? declared : (int) (in / groups);
  }

  /** Inputs: what {@code g_idx} counts, else what the packed rows hold. */
  private static long inputs(PackedModule packed, int bits) {
    return packed
        .find(GroupIndex.PART)
        .map(t -> t.shape().size())
        .orElseGet(() -> packed.parts().get(QWEIGHT).shape().dim(0) * 32 / bits);
  }

  /** The stored shapes held against one scheme: a geometry, or the first contradiction. */
  private record Trial(PackedGeometry geometry, Optional<InputException> fault) {
    static Trial of(PackedModule packed, IntegerGrid scheme) {
      long out = packed.parts().get(PackedScales.PART).shape().dim(1);
      long in = inputs(packed, scheme.bits());
      int bits = scheme.bits();
      Optional<InputException> fault =
          packed
              .sizeFault(PackedScales.PART, out, in)
              .or(
                  () ->
                      packed.shapeFault(
                          QWEIGHT,
                          bits + " bits, " + in + " inputs",
                          BitStream.words(in, bits),
                          out))
              .or(
                  () ->
                      in * bits % 32 == 0 && out * bits % 32 == 0
                          ? Optional.empty()
                          : Optional.of(
                              packed.fault(
                                  QWEIGHT,
                                  "extents that fill whole words at " + bits + " bits",
                                  "[" + out + ", " + in + "]",
                                  "")));
      if (fault.isPresent()) {
        return new Trial(null, fault);
      }
      PackedGeometry geometry = new PackedGeometry((int) out, (int) in, scheme);
      String reason = scheme + ", " + in + " inputs, " + out + " outputs";
      fault =
          packed
              .shapeFault(QZEROS, reason, geometry.groups(), BitStream.words(out, bits))
              .or(() -> packed.shapeFault(PackedScales.PART, reason, geometry.groups(), out));
      return new Trial(geometry, fault);
    }
  }

  @Override
  public QuantizedMatrix unpack(PackedModule packed, IntegerGrid declared) {
    PackedGeometry geometry = geometry(packed, declared);
    int[] groups = GroupIndex.unpack(packed, geometry);
    float[] scales = PackedScales.unpack(packed, geometry);
    byte[] zeros = unpackZeros(packed, geometry);
    IntegerGrid scheme = PackedScales.typed(geometry.provenScheme(zeros), scales);
    return new QuantizedMatrix(
            geometry.out(), geometry.in(), scheme, unpackCodes(packed, geometry), scales, zeros)
        .withGroupOfColumn(groups);
  }

  private static byte[] unpackCodes(PackedModule packed, PackedGeometry geometry) {
    int bits = geometry.scheme().bits();
    int in = geometry.in();
    WordGrid grid = WordGrid.read(packed.part(QWEIGHT, 2, DType.I32));
    byte[] codes = new byte[geometry.out() * in];
    grid.readColumns((o, words, from) -> BitStream.unpack(words, from, in, bits, codes, o * in, 1));
    return codes;
  }

  private byte[] unpackZeros(PackedModule packed, PackedGeometry geometry) {
    IntegerGrid scheme = geometry.scheme();
    int groups = geometry.groups();
    WordGrid grid = WordGrid.read(packed.part(QZEROS, 2, DType.I32));
    byte[] fields = new byte[geometry.out() * groups];
    int[] words = new int[grid.columns()];
    for (int g = 0; g < groups; g++) {
      grid.readRow(g, words);
      BitStream.unpack(words, 0, geometry.out(), scheme.bits(), fields, g, groups);
    }
    ZeroConvention believed = believedConvention(packed, scheme, fields);
    for (int i = 0; i < fields.length; i++) {
      fields[i] = believed.zero(fields[i] & 0xFF, scheme.bits());
    }
    return fields;
  }

  /**
   * Some files of symmetric models carry the label of the other convention; there every field has
   * the same telling value, so the fields are believed (docs/formats.md, GPTQ).
   */
  private ZeroConvention believedConvention(
      PackedModule packed, IntegerGrid scheme, byte[] fields) {
    ZeroConvention other = convention.other();
    if (!scheme.symmetric()) {
      return convention;
    }
    byte telling = other.stored(scheme.middle(), scheme.bits());
    for (byte field : fields) {
      if (field != telling) {
        return convention;
      }
    }
    packed
        .notes()
        .tell(
            "zero convention",
            packed.module()
                + " is declared symmetric in layout "
                + name
                + ", but every stored zero is "
                + (telling & 0xFF)
                + ", which convention "
                + other
                + " means by symmetric; reading it so");
    return other;
  }
}

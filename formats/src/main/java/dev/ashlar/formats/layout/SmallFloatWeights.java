package dev.ashlar.formats.layout;

import dev.ashlar.formats.checkpoint.CheckpointNotes;
import dev.ashlar.formats.checkpoint.Elements;
import dev.ashlar.formats.checkpoint.PackedReader;
import dev.ashlar.formats.checkpoint.StoredTensors;
import dev.ashlar.io.InputException;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.ActivationScheme;
import dev.ashlar.tensor.quant.Codes;
import dev.ashlar.tensor.quant.FloatFormat;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Small floats with a scale beside them, as AutoRound and compressed-tensors write them
 * (docs/formats.md, Small floats): MXFP4, MXFP8, NVFP4 and FP8, with scales for blocks, rows or the
 * matrix; of AutoRound bytes too.
 */
public final class SmallFloatWeights implements PackedReader {
  private static final String SCALE = ".weight_scale";
  private static final String INVERSE = ".weight_scale_inv";
  private static final String PACKED = ".weight_packed";
  private static final String WEIGHT = ".weight";
  private static final String GLOBAL = ".weight_global_scale";

  /** Suffixes of tensors beside the numbers; each is the last part of a name. */
  private static final Set<String> BESIDE =
      Set.of(GLOBAL, ".input_scale", ".input_global_scale", PACKED, SCALE, INVERSE);

  private static final int BYTE_ZERO = 128;
  private static final int MX_BLOCK = 32;

  /**
   * One matrix.
   *
   * @param codes {@code [out, in]} small floats or bytes, or {@code [out, in / 2]} pairs of FP4
   * @param rows that share scales
   * @param perRow scales of a row; 0 if one is for the matrix
   * @param columns inputs of a tile, where rows share scales
   * @param global what scales are divided by
   * @param inputs how inputs are rounded, by the configuration
   */
  private record Module(
      StoredTensor codes,
      StoredTensor scales,
      boolean pairs,
      int rows,
      int columns,
      int perRow,
      float global,
      Optional<ActivationScheme> inputs) {
    int out() {
      return (int) codes.shape().dim(0);
    }

    int in() {
      return (int) codes.shape().dim(1) * (pairs ? 2 : 1);
    }
  }

  private final Map<String, Module> modules = new LinkedHashMap<>();
  private final Set<String> parts = new LinkedHashSet<>();
  private final StoredTensors tensors;

  private SmallFloatWeights(StoredTensors tensors) {
    this.tensors = tensors;
  }

  /** Whether a configuration of AutoRound's is of this kind. */
  public static boolean declares(Map<String, Object> quantization) {
    String method = String.valueOf(quantization.get("quant_method"));
    String type = String.valueOf(quantization.get("data_type"));
    return method.equals("auto-round")
        && (type.startsWith("mx_fp") || type.startsWith("nv_fp") || type.startsWith("fp"));
  }

  /**
   * Finds the matrices of AutoRound's folders; empty if the configuration is of another kind.
   *
   * @throws InputException if a scale has no matrix, or not a shape that fits it
   */
  public static Optional<PackedReader> open(
      Map<String, Object> quantization, StoredTensors tensors) {
    if (!declares(quantization)) {
      return Optional.empty();
    }
    SmallFloatInputs said = SmallFloatInputs.of(quantization);
    Said all = new Said(Tiles.of(quantization), said.scheme());
    SmallFloatWeights weights = new SmallFloatWeights(tensors);
    weights.collect(module -> true, module -> all);
    if (said.isUnknown()) {
      SmallFloatInputs.tellUnknown(new CheckpointNotes(tensors.path().toString()));
    }
    return Optional.of(weights);
  }

  /**
   * The matrices of small floats of a folder of compressed-tensors.
   *
   * @throws InputException if a scale has no matrix, or not a shape that fits it
   */
  static PackedReader of(CompressedGroups groups, StoredTensors tensors, CheckpointNotes notes) {
    SmallFloatWeights weights = new SmallFloatWeights(tensors);
    weights.collect(
        module ->
            CompressedLayouts.stored(tensors, module)
                .filter(CompressedLayouts::hasFloats)
                .isPresent(),
        module -> Said.of(groups.scheme(module, groups.layout(module, tensors))));
    for (String module : weights.modules()) {
      if (groups.scheme(module).isFloat()) {
        PackedCheckpoint.tellDeclaredFloat(module, notes);
      }
    }
    return weights;
  }

  /**
   * What a configuration says of a matrix that its tensors do not.
   *
   * @param tiles that share a scale
   * @param inputs how inputs are rounded
   */
  private record Said(Optional<Tiles> tiles, Optional<ActivationScheme> inputs) {
    static Said of(QuantScheme scheme) {
      Optional<Tiles> tiles =
          scheme instanceof FloatGrid grid && grid.blockRows() > 1
              ? Optional.of(new Tiles(grid.blockRows(), grid.blockSize()))
              : Optional.empty();
      return new Said(tiles, scheme.activations());
    }
  }

  private void collect(Predicate<String> reads, Function<String, Said> said) {
    for (String name : tensors.names()) {
      int dot = name.lastIndexOf('.');
      String module = name.substring(0, Math.max(0, dot));
      String suffix = name.substring(module.length());
      if (BESIDE.contains(suffix) && reads.test(module)) {
        parts.add(name);
        if (suffix.equals(SCALE) || suffix.equals(INVERSE)) {
          modules.put(module, module(module, tensors.find(name).orElseThrow(), said.apply(module)));
          tensors.find(module + WEIGHT).ifPresent(t -> parts.add(t.name()));
        }
      }
    }
  }

  private Module module(String module, StoredTensor scales, Said said) {
    Optional<StoredTensor> packed = tensors.find(module + PACKED);
    StoredTensor codes =
        packed
            .or(() -> tensors.find(module + WEIGHT))
            .orElseThrow(() -> fault(module + WEIGHT, "the matrix of a scale", "none"));
    boolean pairs = packed.isPresent();
    boolean known =
        pairs ? codes.dtype() == DType.U8 : codes.dtype() == DType.I8 || format(codes).isPresent();
    if (codes.shape().rank() != 2 || !known || codes.shape().size() > Integer.MAX_VALUE / 2) {
      throw fault(
          codes.name(),
          pairs ? "a matrix of bytes" : "a matrix of eight-bit numbers",
          codes.storage() + " " + codes.shape());
    }
    int rows = pairs ? 1 : rows(scales, codes.shape(), said.tiles());
    int perRow = rows > 1 ? (int) scales.shape().dim(1) : perRow(scales, codes.shape(), pairs);
    return new Module(
        codes,
        scales,
        pairs,
        rows,
        said.tiles().map(Tiles::columns).orElse(1),
        perRow,
        InputParts.number(tensors, module + GLOBAL).orElse(1f),
        said.inputs());
  }

  /** Rows of a tile where the configuration has tiles and the scales are of their shape, else 1. */
  private int rows(StoredTensor scales, Shape codes, Optional<Tiles> tiles) {
    if (tiles.isEmpty()) {
      return 1;
    }
    Shape expected = tiles.get().scales(codes);
    if (scales.shape().equals(expected)) {
      return tiles.get().rows();
    }
    if (scales.name().endsWith(INVERSE)) {
      throw fault(scales.name(), "shape " + expected, "shape " + scales.shape());
    }
    return 1;
  }

  private static Optional<FloatFormat> format(StoredTensor codes) {
    return switch (codes.dtype()) {
      case F8_E4M3 -> Optional.of(FloatFormat.E4M3);
      case F8_E5M2 -> Optional.of(FloatFormat.E5M2);
      default -> Optional.empty();
    };
  }

  private int perRow(StoredTensor scales, Shape codes, boolean pairs) {
    if (scales.shape().size() == 1) {
      return 0;
    }
    long out = codes.dim(0);
    long in = codes.dim(1) * (pairs ? 2 : 1);
    long across = scales.shape().rank() == 1 ? 1 : scales.shape().dim(1);
    boolean fits = scales.shape().rank() <= 2 && scales.shape().dim(0) == out && across > 0;
    if (!fits || in % across != 0) {
      throw fault(
          scales.name(),
          "scales for blocks of [" + out + ", " + in + "]",
          "shape " + scales.shape());
    }
    return (int) across;
  }

  private InputException fault(String name, String expected, String found) {
    return InputException.in(tensors.path())
        .place(name)
        .expected(expected)
        .found(found)
        .exception();
  }

  @Override
  public Set<String> modules() {
    return Collections.unmodifiableSet(modules.keySet());
  }

  @Override
  public Set<String> parts() {
    return parts;
  }

  @Override
  public Shape shape(String name) {
    Module m = modules.get(name);
    return Shape.of(m.out(), m.in());
  }

  @Override
  public QuantizedMatrix read(String name) {
    Module m = modules.get(name);
    if (m == null) {
      throw new IllegalArgumentException("not a packed module: " + name);
    }
    byte[] stored = new byte[(int) m.codes().byteSize()];
    m.codes().readBytes(0, stored, 0, stored.length);
    float[] scales = scales(m);
    int block = m.perRow() == 0 ? 0 : m.in() / m.perRow();
    if (m.codes().dtype() == DType.I8) {
      return bytes(m, stored, scales, m.perRow() <= 1 ? -1 : block)
          .withInputs(InputParts.read(tensors, name, m.inputs()));
    }
    boolean exponents = m.scales().dtype() == DType.U8;
    FloatGrid.Scale type =
        exponents
            ? FloatGrid.Scale.E8M0
            : m.scales().dtype() == DType.F8_E4M3 ? FloatGrid.Scale.E4M3 : FloatGrid.Scale.F32;
    boolean rows = m.perRow() == 1 && !(exponents && m.in() == MX_BLOCK);
    FloatFormat element = m.pairs() ? FloatFormat.E2M1 : format(m.codes()).orElseThrow();
    FloatGrid grid =
        m.rows() > 1
            ? new FloatGrid(element, m.columns(), m.rows(), type, Optional.empty())
            : new FloatGrid(element, rows ? -1 : block, type);
    byte[] codes = m.pairs() ? unpaired(stored) : stored;
    requireNumbers(m.codes().name(), element, codes);
    return new QuantizedMatrix(
            m.out(),
            m.in(),
            Codes.Table.of(element, codes),
            new Groups.Scales(grid, scales, m.global()))
        .withInputs(InputParts.read(tensors, name, m.inputs()));
  }

  /** Bytes around zero as unsigned codes around 128. */
  private static QuantizedMatrix bytes(Module m, byte[] stored, float[] scales, int group) {
    byte[] zeros = new byte[scales.length];
    Arrays.fill(zeros, (byte) BYTE_ZERO);
    for (int i = 0; i < stored.length; i++) {
      stored[i] = (byte) (stored[i] + BYTE_ZERO);
    }
    DType type = m.scales().dtype() == DType.F16 ? DType.F16 : DType.F32;
    IntegerGrid grid = new IntegerGrid(Byte.SIZE, group, true, type);
    return new QuantizedMatrix(m.out(), m.in(), grid, stored, scales, zeros);
  }

  private void requireNumbers(String name, FloatFormat element, byte[] codes) {
    boolean[] number = new boolean[1 << element.bits()];
    for (int code = 0; code < number.length; code++) {
      number[code] = !Float.isNaN(element.value(code));
    }
    for (int i = 0; i < codes.length; i++) {
      if (!number[codes[i] & 0xFF]) {
        throw fault(name, "finite numbers", "code " + (codes[i] & 0xFF) + " at " + i);
      }
    }
  }

  private static byte[] unpaired(byte[] pairs) {
    byte[] codes = new byte[2 * pairs.length];
    for (int i = 0; i < pairs.length; i++) {
      codes[2 * i] = (byte) (pairs[i] & 0xF);
      codes[2 * i + 1] = (byte) (pairs[i] >>> 4 & 0xF);
    }
    return codes;
  }

  /** A scale for each group of each row; rows that share scales have the same. */
  private float[] scales(Module m) {
    float[] stored = new float[(int) m.scales().shape().size()];
    m.scales().read(0, stored, 0, stored.length);
    boolean exponents = m.scales().dtype() == DType.U8;
    int perRow = Math.max(1, m.perRow());
    float[] scales = new float[m.out() * perRow];
    for (int i = 0; i < scales.length; i++) {
      int row = m.perRow() == 0 ? 0 : i / perRow / m.rows();
      float s = stored[row * perRow + i % perRow];
      scales[i] = exponents ? Elements.e8m0((int) s) : s / m.global();
      if (!Float.isFinite(scales[i])) {
        throw fault(m.scales().name(), "finite scales", scales[i] + " for group " + i);
      }
    }
    return scales;
  }
}

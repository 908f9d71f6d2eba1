package dev.ashlar.formats.layout;

import dev.ashlar.formats.checkpoint.CheckpointNotes;
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
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Checkpoints in eight-bit floats with a scale for each block (docs/formats.md, FP8 blocks), as
 * DeepSeek-V3 is published: {@code W = weight·weight_scale_inv}, block by block. The matrices are
 * floats to whoever reads them so, and codes to whoever asks for those; by {@code
 * activation_scheme: dynamic} their inputs are rounded in groups as long as blocks.
 */
public final class Fp8Weights implements PackedReader {
  private static final String METHOD = "fp8";
  private static final String SCALE = ".weight_scale_inv";
  private static final String WEIGHT = ".weight";
  private static final long DEFAULT_BLOCK = 128;
  private static final long LARGEST = 1 << 24;

  private final Map<String, StoredTensor> widened = new LinkedHashMap<>();
  private final Set<String> parts = new LinkedHashSet<>();

  private Fp8Weights() {}

  /** Whether a configuration is of this kind. */
  public static boolean declares(Map<String, Object> quantization) {
    return METHOD.equals(quantization.get("quant_method"));
  }

  /**
   * Finds the matrices with scales; empty if the configuration is of another kind.
   *
   * @throws InputException if a scale has no matrix, or not the shape that fits it
   */
  public static Optional<PackedReader> open(
      Map<String, Object> quantization, StoredTensors tensors) {
    if (!declares(quantization)) {
      return Optional.empty();
    }
    Fp8Weights weights = new Fp8Weights();
    CheckpointNotes notes = new CheckpointNotes(tensors.path().toString());
    long[] block = block(quantization, tensors);
    Optional<ActivationScheme> inputs =
        Optional.of("dynamic")
            .filter(kind -> kind.equals(quantization.get("activation_scheme")))
            .map(
                kind ->
                    new ActivationScheme(
                        new ActivationScheme.Element.Floats(FloatFormat.E4M3),
                        (int) block[1],
                        true));
    for (String name : tensors.names()) {
      if (name.endsWith(SCALE)) {
        String weight = name.substring(0, name.length() - SCALE.length()) + WEIGHT;
        weights.parts.add(name);
        weights.widened.put(weight, widened(tensors, weight, name, block, inputs, notes));
      }
    }
    return Optional.of(weights);
  }

  private static long[] block(Map<String, Object> quantization, StoredTensors tensors) {
    Object size = quantization.get("weight_block_size");
    if (size == null) {
      return new long[] {DEFAULT_BLOCK, DEFAULT_BLOCK};
    }
    if (size instanceof List<?> list
        && list.size() == 2
        && list.get(0) instanceof Long rows
        && list.get(1) instanceof Long columns
        && rows > 0
        && columns > 0
        && rows <= LARGEST
        && columns <= LARGEST) {
      return new long[] {rows, columns};
    }
    throw InputException.in(tensors.path())
        .place("quantization_config.weight_block_size")
        .expected("two sizes")
        .found(String.valueOf(size))
        .exception();
  }

  private static StoredTensor widened(
      StoredTensors tensors,
      String weight,
      String scale,
      long[] block,
      Optional<ActivationScheme> inputs,
      CheckpointNotes notes) {
    StoredTensor codes = tensors.find(weight).orElse(null);
    StoredTensor scales = tensors.find(scale).orElseThrow();
    if (codes == null || codes.shape().rank() != 2 || codes.dtype() != DType.F8_E4M3) {
      throw InputException.in(tensors.path())
          .place(weight)
          .expected("a matrix of type F8_E4M3 beside its scales")
          .found(codes == null ? "no such tensor" : codes.storage() + " " + codes.shape())
          .exception();
    }
    long out = codes.shape().dim(0);
    long in = codes.shape().dim(1);
    boolean whole = scales.shape().size() == 1;
    long rows = whole ? out : block[0];
    long columns = whole ? in : block[1];
    Shape expected = Shape.of(Math.ceilDiv(out, rows), Math.ceilDiv(in, columns));
    if (!whole && !scales.shape().equals(expected)) {
      Optional<Widened> shown = shown(codes, scales, inputs);
      if (shown.isPresent()) {
        notes.tell(
            "block size contradicted",
            scale
                + " has not the shape of blocks of "
                + block[0]
                + " by "
                + block[1]
                + "; by its shape they are of "
                + shown.get().rows()
                + " by "
                + shown.get().columns());
        return shown.get();
      }
      throw InputException.in(tensors.path())
          .place(scale)
          .expected("shape " + expected)
          .found("shape " + scales.shape())
          .exception();
    }
    return new Widened(codes, scales, rows, columns, inputs);
  }

  /** The blocks that the shapes alone tell; a damaged shape seldom divides into round numbers. */
  private static Optional<Widened> shown(
      StoredTensor codes, StoredTensor scales, Optional<ActivationScheme> inputs) {
    long out = codes.shape().dim(0);
    long in = codes.shape().dim(1);
    if (scales.shape().rank() != 2) {
      return Optional.empty();
    }
    long down = scales.shape().dim(0);
    long across = scales.shape().dim(1);
    boolean round = down > 0 && across > 0 && out % (down * 8) == 0 && in % (across * 8) == 0;
    return round
        ? Optional.of(new Widened(codes, scales, out / down, in / across, inputs))
        : Optional.empty();
  }

  @Override
  public Set<String> modules() {
    return Set.of();
  }

  @Override
  public Set<String> parts() {
    return parts;
  }

  @Override
  public Map<String, StoredTensor> widened() {
    return widened;
  }

  @Override
  public QuantizedMatrix read(String module) {
    throw new IllegalArgumentException("not a packed module: " + module);
  }

  /**
   * A matrix {@code [out, in]} whose elements are multiplied by their block's scale.
   *
   * @param rows of a block
   * @param columns of a block
   * @param inputs how inputs are rounded, or empty if they are taken as they are
   */
  private record Widened(
      StoredTensor codes,
      StoredTensor scales,
      long rows,
      long columns,
      Optional<ActivationScheme> inputs)
      implements StoredTensor {
    @Override
    public String name() {
      return codes.name();
    }

    @Override
    public Shape shape() {
      return codes.shape();
    }

    @Override
    public DType dtype() {
      return DType.F32;
    }

    /** No element type of a container: whoever copies it has to widen it. */
    @Override
    public String storage() {
      return "F8_E4M3 in blocks";
    }

    @Override
    public long byteSize() {
      return codes.byteSize() + scales.byteSize();
    }

    @Override
    public void read(long from, float[] target, int offset, int count) {
      codes.read(from, target, offset, count);
      long in = shape().dim(1);
      int across = Math.toIntExact(Math.ceilDiv(in, columns));
      float[] row = new float[across];
      long loaded = -1;
      for (int i = 0; i < count; ) {
        long at = from + i;
        long block = at / in / rows;
        if (block != loaded) {
          scales.read(block * across, row, 0, across);
          loaded = block;
        }
        long column = at % in;
        int piece = (int) (column / columns);
        long end = Math.min(in, (piece + 1) * columns);
        int n = (int) Math.min(end - column, count - i);
        for (int k = 0; k < n; k++) {
          target[offset + i + k] *= row[piece];
        }
        i += n;
      }
    }

    @Override
    public void readBytes(long from, byte[] target, int offset, int count) {
      codes.readBytes(from, target, offset, count);
    }

    /** Empty too where a code is no number: whoever reads floats sees which. */
    @Override
    public Optional<QuantizedMatrix> quantized() {
      if (shape().size() > Integer.MAX_VALUE - 8) {
        return Optional.empty();
      }
      int out = (int) shape().dim(0);
      int in = (int) shape().dim(1);
      byte[] bytes = new byte[out * in];
      codes.readBytes(0, bytes, 0, bytes.length);
      for (byte code : bytes) {
        if ((code & 0x7F) == 0x7F) {
          return Optional.empty();
        }
      }
      FloatGrid grid =
          new FloatGrid(FloatFormat.E4M3, (int) columns, (int) rows, FloatGrid.Scale.F32, inputs);
      int across = grid.groups(in);
      float[] stored = new float[(int) scales.shape().size()];
      scales.read(0, stored, 0, stored.length);
      float[] each = new float[out * across];
      for (int o = 0; o < out; o++) {
        System.arraycopy(stored, (int) (o / rows) * across, each, o * across, across);
      }
      return Optional.of(
          new QuantizedMatrix(
              out, in, Codes.Table.of(FloatFormat.E4M3, bytes), new Groups.Scales(grid, each)));
    }
  }
}

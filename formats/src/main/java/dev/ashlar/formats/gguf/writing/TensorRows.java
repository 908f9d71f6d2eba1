package dev.ashlar.formats.gguf.writing;

import dev.ashlar.formats.gguf.GgufType;
import dev.ashlar.formats.gguf.family.RowView;
import dev.ashlar.io.InputException;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.blocks.Row;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * The rows of one tensor, put into a type: copied where they lie in it already, codes carried where
 * the type holds them, else rounded. A few rows are in memory at a time.
 */
public final class TensorRows {
  private static final int CHUNK_BYTES = 1 << 20;

  /**
   * What became of the tensor's codes.
   *
   * @param codes whether any of its rows had codes
   * @param carried whether all of its rows went over as they are
   * @param square of all weights
   * @param error square of all differences from them; 0 where nothing was measured
   */
  public record Outcome(boolean codes, boolean carried, double square, double error) {
    /** The error relative to the weights, both as root mean squares. */
    public double relative() {
      return square > 0 ? Math.sqrt(error / square) : 0;
    }
  }

  private final Path model;
  private final StoredTensor tensor;
  private final GgufType type;
  private final Function<StoredTensor, float[]> importance;
  private final int in;
  private final int rowBytes;

  /** Codes of each matrix that rows come from, where the type holds them. */
  private final Map<QuantizedMatrix, Optional<CarriedCodes>> carried = new IdentityHashMap<>();

  /**
   * @param model that the tensor is of, which faults name
   * @param type one that the rows are whole blocks of
   * @param importance what an error in a column counts {@code [in]}, of tensors that rows come
   *     from; null where it is not known
   */
  public TensorRows(
      Path model, StoredTensor tensor, GgufType type, Function<StoredTensor, float[]> importance) {
    this.model = model;
    this.tensor = tensor;
    this.importance = importance;
    this.type = type;
    Shape shape = tensor.shape();
    this.in = Math.toIntExact(shape.rank() == 0 ? 1 : shape.dim(-1));
    this.rowBytes = Math.multiplyExact(in / type.elements(), type.bytes());
  }

  /** Where a row comes from. */
  private record Place(StoredTensor tensor, long row) {}

  private Place place(long row) {
    Place place = new Place(tensor, row);
    while (place.tensor instanceof RowView view && view.rows() * in == view.shape().size()) {
      place = new Place(view.source(place.row), view.sourceRow(place.row));
    }
    return place;
  }

  /**
   * Writes all rows behind {@link GgufWriter#begin}.
   *
   * @throws InputException if a value is no number, or does not fit the type
   */
  public Outcome write(GgufWriter writer) {
    long rows = tensor.shape().size() / Math.max(1, in);
    if (tensor.storage().equals(type.name())) {
      copy(writer, rows);
      return new Outcome(false, true, 0, 0);
    }
    boolean codes = findCodes(rows);
    int chunk = chunk(rows);
    byte[] bytes = new byte[Math.multiplyExact(chunk, rowBytes)];
    double[] squares = new double[chunk];
    double[] errors = new double[chunk];
    double square = 0;
    double error = 0;
    for (long first = 0; first < rows; first += chunk) {
      int n = (int) Math.min(chunk, rows - first);
      long start = first;
      Parallel.rows(
          n,
          1,
          (from, to) -> {
            float[] values = new float[in];
            float[] again = new float[in];
            for (int r = from; r < to; r++) {
              squares[r] = 0;
              errors[r] = 0;
              if (row(start + r, values, bytes, r * rowBytes) && codes) {
                measure(values, bytes, r * rowBytes, again, r, squares, errors);
              }
            }
          });
      for (int r = 0; r < n; r++) {
        square += squares[r];
        error += errors[r];
      }
      writer.bytes(bytes, 0, n * rowBytes);
    }
    boolean exact = codes && carried.values().stream().allMatch(Optional::isPresent);
    return new Outcome(codes, exact, square, error);
  }

  private void copy(GgufWriter writer, long rows) {
    byte[] bytes = new byte[Math.multiplyExact(chunk(rows), rowBytes)];
    for (long first = 0; first < rows; first += chunk(rows)) {
      int n = (int) Math.min(chunk(rows), rows - first);
      long start = first;
      tensor.readBytes(start * rowBytes, bytes, 0, n * rowBytes);
      Parallel.rows(
          n,
          1,
          (from, to) -> {
            float[] values = new float[in];
            for (int r = from; r < to; r++) {
              decode(bytes, r * rowBytes, values);
              requireFinite(values, tensor.name(), start + r);
            }
          });
      writer.bytes(bytes, 0, n * rowBytes);
    }
  }

  /** Rows that are in memory at a time. */
  private int chunk(long rows) {
    return (int) Math.clamp(CHUNK_BYTES / Math.max(1, rowBytes), 1, Math.max(1, rows));
  }

  /** Makes codes ready before several threads ask for them. */
  private boolean findCodes(long rows) {
    for (long r = 0; r < rows; r++) {
      if (place(r).tensor instanceof CodesTensor codes) {
        carried.computeIfAbsent(codes.matrix(), matrix -> CarriedCodes.of(matrix, type));
      }
    }
    return !carried.isEmpty();
  }

  /** Puts one row into bytes; returns whether it was rounded, its floats then being in values. */
  private boolean row(long r, float[] values, byte[] dst, int to) {
    Place place = place(r);
    if (place.tensor instanceof CodesTensor codes) {
      int o = (int) place.row;
      Optional<CarriedCodes> exact = carried.get(codes.matrix());
      if (exact.isPresent()) {
        exact.get().row(o, dst, to);
        return false;
      }
      codes.row(o, values);
      requireFinite(values, codes.name(), o);
      encode(CarriedCodes.known(codes.matrix(), o, values, importance.apply(codes)), dst, to);
      return true;
    }
    place.tensor.read(place.row * in, values, 0, in);
    requireFinite(values, place.tensor.name(), place.row);
    encode(new Row(values, importance.apply(place.tensor)), dst, to);
    return true;
  }

  /** What is no number would become an ordinary weight in most types, and nobody would notice. */
  private void requireFinite(float[] values, String name, long row) {
    for (int k = 0; k < values.length; k++) {
      if (!Float.isFinite(values[k])) {
        throw InputException.in(model)
            .place(name)
            .expected("finite weights")
            .found(values[k] + " in row " + row + ", column " + k)
            .hint("the model is damaged: download it again")
            .exception();
      }
    }
  }

  private void encode(Row row, byte[] dst, int to) {
    if (type.encoder() == null) {
      plain(row.values(), dst, to);
      return;
    }
    type.encode(row, dst, to, in);
  }

  private void plain(float[] values, byte[] dst, int to) {
    ByteBuffer out = ByteBuffer.wrap(dst, to, rowBytes).order(ByteOrder.LITTLE_ENDIAN);
    for (int k = 0; k < in; k++) {
      float x = values[k];
      float rounded = type.dtype().rounded(x);
      if (Float.isInfinite(rounded) && Float.isFinite(x)) {
        throw InputException.in(model)
            .place(tensor.name())
            .problem("value " + x + " does not fit " + type.name())
            .hint("write the model as gguf:bf16 or gguf:f32")
            .exception();
      }
      switch (type) {
        case F32 -> out.putFloat(x);
        case F16 -> out.putShort(Float.floatToFloat16(x));
        case BF16 -> out.putShort((short) (Float.floatToRawIntBits(rounded) >>> 16));
        default -> throw new IllegalArgumentException(type + " cannot be written");
      }
    }
  }

  private void measure(
      float[] values,
      byte[] bytes,
      int at,
      float[] again,
      int r,
      double[] squares,
      double[] errors) {
    decode(bytes, at, again);
    for (int k = 0; k < in; k++) {
      double off = (double) values[k] - again[k];
      squares[r] += (double) values[k] * values[k];
      errors[r] += off * off;
    }
  }

  private void decode(byte[] bytes, int at, float[] again) {
    if (type.elements() > 1) {
      type.widen(bytes, at, again, in);
      return;
    }
    ByteBuffer from = ByteBuffer.wrap(bytes, at, rowBytes).order(ByteOrder.LITTLE_ENDIAN);
    for (int k = 0; k < in; k++) {
      again[k] =
          switch (type) {
            case F16 -> Float.float16ToFloat(from.getShort());
            case BF16 -> Float.intBitsToFloat(from.getShort() << 16);
            default -> from.getFloat();
          };
    }
  }
}

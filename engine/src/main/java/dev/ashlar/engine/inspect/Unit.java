package dev.ashlar.engine.inspect;

import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * One tensor of a model, or the part of a stored one that is a linear map. Linear maps are {@code
 * [out, in]} whatever the container does. Valid until its checkpoint is closed.
 */
public final class Unit {
  /** The values of a unit, row by row. May be read by several threads. */
  @FunctionalInterface
  public interface Rows {
    /** Copies row {@code row} into the first elements of {@code target}. */
    void read(int row, float[] target);
  }

  private final String name;
  private final Part part;
  private final Shape shape;
  private final Supplier<String> storage;
  private final long bytes;
  private final Supplier<Rows> rows;
  private final Supplier<Optional<QuantizedMatrix>> codes;

  Unit(
      String name,
      Part part,
      Shape shape,
      Supplier<String> storage,
      long bytes,
      Supplier<Rows> rows,
      Supplier<Optional<QuantizedMatrix>> codes) {
    this.name = name;
    this.part = part;
    this.shape = shape;
    this.storage = storage;
    this.bytes = bytes;
    this.rows = rows;
    this.codes = codes;
  }

  /** Its name as the loaders of the family know it. */
  public String name() {
    return name;
  }

  /** What it is for. */
  public Part part() {
    return part;
  }

  /** Its extents; of a linear map {@code [out, in]}. */
  public Shape shape() {
    return shape;
  }

  /** How its file spells its elements, for example {@code BF16}, {@code Q4_K} or a scheme. */
  public String storage() {
    return storage.get();
  }

  /** Bytes that it occupies in its file, scales and zero points included. */
  public long bytes() {
    return bytes;
  }

  /** Elements of a row. */
  public int columns() {
    return shape.rank() == 0 ? 1 : Math.toIntExact(shape.dim(-1));
  }

  /** Number of rows. */
  public int count() {
    return columns() == 0 ? 0 : Math.toIntExact(shape.size() / columns());
  }

  /** Reads what is needed at once and gives the rest row by row; a new value with each call. */
  public Rows open() {
    return rows.get();
  }

  /** Its codes as the file holds them; empty if it holds floats. */
  public Optional<QuantizedMatrix> codes() {
    return codes.get();
  }

  /** The first or the second half of the outputs of a map or of a bias, as a unit without codes. */
  Unit half(boolean second, String other) {
    boolean matrix = shape.rank() > 1;
    int half = Math.toIntExact(shape.dim(0) / 2);
    int from = second ? half : 0;
    return new Unit(
        other,
        part,
        matrix ? Shape.of(half, columns()) : Shape.of(half),
        storage,
        second ? bytes - bytes / 2 : bytes / 2,
        () -> matrix ? lower(open(), from) : cut(open(), from, half),
        Optional::empty);
  }

  private static Rows lower(Rows whole, int from) {
    return (row, to) -> whole.read(from + row, to);
  }

  private Rows cut(Rows whole, int from, int count) {
    return (row, to) -> {
      float[] all = new float[columns()];
      whole.read(row, all);
      System.arraycopy(all, from, to, 0, count);
    };
  }
}

package dev.ashlar.cli.bench;

import dev.ashlar.tensor.kernel.ActivationPrecision;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kernel.PackedKernel;
import dev.ashlar.tensor.quant.PackedMatrix;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Products with packed weights: one row of activations with weights that come from memory, as in
 * decoding, and many rows, as in reading a prompt.
 */
final class PackedCases {
  private static final int PROMPT = 256;
  private static final int SHORT_PROMPT = 32;

  /** Weights up to which the reference is measured too. */
  private static final int FEW = 1 << 20;

  private PackedCases() {}

  private record Matrix(int out, int in, int bits, int group) {
    @Override
    public String toString() {
      return out + "x" + in + " " + bits + " bits g" + group;
    }
  }

  static List<Group> groups(boolean quick, Optional<BenchDevice> device) {
    List<Group> groups = new ArrayList<>();
    int[] widths = {2, 3, 4, 8};
    for (int bits : widths) {
      Matrix matrix = new Matrix(1536, 576, bits, 64);
      int prompt = quick ? SHORT_PROMPT : PROMPT;
      groups.add(new Group("packed products", () -> products(matrix, 1, !quick, device)));
      groups.add(
          new Group(
              "packed products of many rows", () -> products(matrix, prompt, !quick, device)));
    }
    for (int bits : quick ? new int[] {4} : widths) {
      Matrix matrix = new Matrix(4096, 4096, bits, 128);
      groups.add(new Group("packed products", () -> products(matrix, 1, true, device)));
    }
    if (!quick) {
      Matrix matrix = new Matrix(4096, 14336, 4, 128);
      groups.add(new Group("packed products", () -> products(matrix, 1, true, device)));
    }
    return groups;
  }

  private static List<Case> products(
      Matrix matrix, int rows, boolean rounded, Optional<BenchDevice> device) {
    QuantizedMatrix codes =
        Operands.codes(matrix.out(), matrix.in(), matrix.bits(), matrix.group());
    List<Case> cases = new ArrayList<>();
    if (matrix.out() * (long) matrix.in() < FEW && Operands.backends().size() > 1) {
      Product plain = new Product(matrix, rows, Backends.reference(), codes);
      cases.add(plain.of(ActivationPrecision.FLOAT, 1));
    }
    Product product = new Product(matrix, rows, Backends.chosen(), codes);
    for (ActivationPrecision a : ActivationPrecision.values()) {
      if (a == ActivationPrecision.FLOAT || rounded && a.rounds(matrix.bits(), matrix.in())) {
        for (int threads : Operands.threads()) {
          cases.add(product.of(a, threads));
        }
      }
    }
    device.ifPresent(d -> cases.add(product.on(d)));
    return cases;
  }

  /** Rows of activations times one matrix, in the layout of a backend. */
  private static final class Product {
    private final Matrix matrix;
    private final int rows;
    private final Backend backend;
    private final QuantizedMatrix codes;
    private final PackedMatrix packed;
    private final Operands.Turns<PackedMatrix> turns;
    private final float[] x;
    private final float[] y;

    Product(Matrix matrix, int rows, Backend backend, QuantizedMatrix codes) {
      this.matrix = matrix;
      this.rows = rows;
      this.backend = backend;
      this.codes = codes;
      this.packed = backend.packed().pack(codes);
      this.turns = new Operands.Turns<>(packed.byteSize(), () -> backend.packed().pack(codes));
      this.x = Operands.floats(rows * matrix.in());
      this.y = new float[rows * matrix.out()];
    }

    /** One row is bound by the weights' way from memory, many by multiplying. */
    Case of(ActivationPrecision a, int threads) {
      boolean one = rows == 1;
      Case product =
          new Case(
              named(a),
              backend.name(),
              threads,
              one ? Bound.MEMORY : Bound.ARITHMETIC,
              1e-9 * (one ? packed.byteSize() : 2.0 * rows * matrix.out() * matrix.in()),
              () -> backend.packed().multiply(rows, x, 0, one ? turns.next() : packed, a, y, 0));
      return product
          .prepared(one ? turns::fill : () -> {})
          .checked(new Check(y::clone, () -> expected(a), Check.SUMS));
    }

    /**
     * The same codes on a device, in its layout: an int holds codes of a row, a group has two
     * floats. The matrix stays the same one, which a cache of the device may hold.
     */
    Case on(BenchDevice device) {
      boolean one = rows == 1;
      double bytes =
          4.0 * matrix.out() * Math.ceilDiv(matrix.in() * matrix.bits(), Integer.SIZE)
              + 8.0 * matrix.out() * Math.ceilDiv(matrix.in(), matrix.group());
      return device.kernel(
          named(ActivationPrecision.FLOAT),
          one ? Bound.MEMORY : Bound.ARITHMETIC,
          1e-9 * (one ? bytes : 2.0 * rows * matrix.out() * matrix.in()),
          () -> device.kernels().packed(codes, rows, x),
          found -> found,
          () -> expected(ActivationPrecision.FLOAT),
          Check.SUMS);
    }

    private String named(ActivationPrecision a) {
      String of =
          switch (a) {
            case FLOAT -> "";
            case INT8 -> " of int8";
            case INT8_TOKEN -> " of int8 by token";
          };
      return rows + (rows == 1 ? " row" : " rows") + of + ", " + matrix;
    }

    private float[] expected(ActivationPrecision a) {
      PackedKernel reference = Backends.reference().packed();
      float[] by = new float[y.length];
      reference.multiply(rows, x, 0, reference.pack(codes), a, by, 0);
      return by;
    }
  }
}

package dev.ashlar.cli.bench;

import dev.ashlar.tensor.kernel.ActivationPrecision;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.PackedMatrix;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Products with packed weights: one row of activations with weights that come from memory, as in
 * decoding, and many rows, as in reading a prompt.
 */
final class PackedCases {
  private static final int PROMPT = 256;

  private PackedCases() {}

  private record Matrix(int out, int in, int bits, int group) {
    @Override
    public String toString() {
      return out + "x" + in + " " + bits + " bits g" + group;
    }
  }

  static List<Group> groups(boolean quick) {
    List<Group> groups = new ArrayList<>();
    for (int bits : quick ? new int[] {4} : new int[] {2, 3, 4, 8}) {
      groups.add(new Group("packed products", () -> decode(new Matrix(4096, 4096, bits, 128))));
    }
    if (!quick) {
      groups.add(new Group("packed products", () -> decode(new Matrix(1536, 576, 4, 64))));
      groups.add(new Group("packed products", () -> decode(new Matrix(4096, 14336, 4, 128))));
    }
    groups.add(new Group("packed products", () -> prompt(new Matrix(1536, 576, 4, 64))));
    return groups;
  }

  private static List<Case> decode(Matrix matrix) {
    List<Case> cases = new ArrayList<>();
    if (matrix.out() * (long) matrix.in() < 1 << 20) {
      Backend reference = Backends.reference();
      cases.add(
          decode(matrix, reference, 1, weights(matrix, reference), ActivationPrecision.FLOAT));
    }
    Weights weights = weights(matrix, Backends.chosen());
    for (ActivationPrecision a : ActivationPrecision.values()) {
      if (a == ActivationPrecision.FLOAT || a.rounds(matrix.bits(), matrix.in())) {
        for (int threads : Operands.threads()) {
          cases.add(decode(matrix, Backends.chosen(), threads, weights, a));
        }
      }
    }
    return cases;
  }

  /** A matrix and its copies. */
  private record Weights(PackedMatrix first, Operands.Turns<PackedMatrix> turns) {}

  private static Weights weights(Matrix matrix, Backend backend) {
    QuantizedMatrix codes = random(matrix);
    PackedMatrix first = backend.packed().pack(codes);
    return new Weights(
        first, new Operands.Turns<>(first.byteSize(), () -> backend.packed().pack(codes)));
  }

  private static Case decode(
      Matrix matrix,
      Backend backend,
      int threads,
      Weights weights,
      ActivationPrecision activations) {
    float[] x = Operands.floats(matrix.in());
    float[] y = new float[matrix.out()];
    return new Case(
        (activations == ActivationPrecision.FLOAT ? "1 row, " : "1 row of int8, ") + matrix,
        backend.name(),
        threads,
        Bound.MEMORY,
        1e-9 * weights.first().byteSize(),
        () -> backend.packed().multiply(1, x, 0, weights.turns().next(), activations, y, 0));
  }

  private static List<Case> prompt(Matrix matrix) {
    List<Case> cases = new ArrayList<>();
    Backend backend = Backends.chosen();
    PackedMatrix packed = backend.packed().pack(random(matrix));
    float[] x = Operands.floats(PROMPT * matrix.in());
    float[] y = new float[PROMPT * matrix.out()];
    for (int threads : Operands.threads()) {
      cases.add(
          new Case(
              PROMPT + " rows, " + matrix,
              backend.name(),
              threads,
              Bound.ARITHMETIC,
              2e-9 * PROMPT * matrix.out() * matrix.in(),
              () -> backend.packed().multiply(PROMPT, x, 0, packed, y, 0)));
    }
    return cases;
  }

  private static QuantizedMatrix random(Matrix m) {
    IntegerGrid scheme = new IntegerGrid(m.bits(), m.group(), true);
    Random random = new Random(m.bits());
    byte[] codes = new byte[m.out() * m.in()];
    random.nextBytes(codes);
    for (int i = 0; i < codes.length; i++) {
      codes[i] &= (byte) scheme.maxCode();
    }
    float[] scales = new float[m.out() * scheme.groups(m.in())];
    byte[] zeros = new byte[scales.length];
    for (int i = 0; i < scales.length; i++) {
      scales[i] = scheme.roundScale(random.nextFloat() * 0.01f + 0.001f);
      zeros[i] = (byte) scheme.middle();
    }
    return new QuantizedMatrix(m.out(), m.in(), scheme, codes, scales, zeros);
  }
}

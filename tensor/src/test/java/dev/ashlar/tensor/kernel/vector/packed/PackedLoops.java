package dev.ashlar.tensor.kernel.vector.packed;

import java.util.ArrayList;
import java.util.List;

/**
 * Writes the sources of {@link VectorPacked2} to {@link VectorPacked8}. Their loops differ in
 * little but constants, yet the compiler unrolls no loop over vector operations, and masks that are
 * not constants of the code are reloaded: so they are one text here and unrolled text there.
 *
 * <p>What a loop carries is never asked to do something behind that loop, only handed to a vector
 * that is sure to have the right class: the compiler sees what a loop carries as any vector, and
 * where its profile does not help, the call stays one and its vectors become objects. Seen at 128
 * bits in one of five starts of the tests, all kernels before.
 */
final class PackedLoops {
  /**
   * One width.
   *
   * @param columns codes of a unit
   * @param words ints of a unit
   * @param masks codes of an int that are masked where they stand before the int is shifted
   * @param layout how codes lie in a unit, for the class comment
   * @param pack an own way to pack, or empty
   * @param bytes units whose products with bytes sum up in shorts: comment and value, or empty
   */
  record Width(
      int bits, int columns, int words, int masks, String layout, String pack, List<String> bytes) {
    /** Codes that stand whole in an int. */
    int whole() {
      return Math.min(Integer.SIZE / bits, columns / words);
    }

    /** Codes of a unit that are spread over the top bits of its ints. */
    int rest() {
      return columns - words * whole();
    }

    /** Whether the last code of an int reaches its sign, and is shifted down instead of masked. */
    boolean reachesSign(int code) {
      return masks == whole() && (code + 1) * bits == Integer.SIZE;
    }

    String name() {
      return "VectorPacked" + bits;
    }
  }

  private static final String PACK_4 =
      """

        /** Loading packs every weight of a model: here eight codes at a time. */
        @Override
        boolean pack(byte[] codes, int from, int units, int[] target, int at) {
          long all = 0;
          for (int u = 0; u < units; u++) {
            long eight = (long) LONGS.get(codes, from + 8 * u);
            all |= eight;
            eight = (eight | eight >>> 4) & 0x00FF00FF00FF00FFL;
            eight = (eight | eight >>> 8) & 0x0000FFFF0000FFFFL;
            target[at + u * ROWS] = (int) (eight | eight >>> 16);
          }
          return (all & 0xF0F0F0F0F0F0F0F0L) == 0;
        }
      """;

  private static final String PACK_8 =
      """

        /** Loading packs every weight of a model: here four codes at a time. */
        @Override
        boolean pack(byte[] codes, int from, int units, int[] target, int at) {
          for (int u = 0; u < units; u++) {
            target[at + u * ROWS] = (int) WORDS.get(codes, from + 4 * u);
          }
          return true;
        }
      """;

  static final List<Width> ALL =
      List.of(
          new Width(
              2,
              16,
              1,
              8,
              "sixteen to an int, the first lowest",
              "",
              List.of("8 of each half, which are a fifth as large", "SHORT_SUM / 8 * 4")),
          new Width(
              3,
              32,
              3,
              10,
              "32 in three ints, ten in each and the last two in the ints' top two bits",
              "",
              List.of()),
          new Width(
              4,
              8,
              1,
              8,
              "eight to an int, the first lowest",
              PACK_4,
              List.of("4 of each half", "SHORT_SUM / 4")),
          new Width(
              5,
              32,
              5,
              6,
              "32 in five ints, six in each and the last two in the ints' top two bits",
              "",
              List.of()),
          new Width(
              6,
              16,
              3,
              5,
              "16 in three ints, five in each and the last in the ints' top two bits",
              "",
              List.of()),
          new Width(8, 4, 1, 4, "four to an int, the first lowest", PACK_8, List.of()));

  private final Width width;
  private final StringBuilder text = new StringBuilder();

  private PackedLoops(Width width) {
    this.width = width;
  }

  /** The source file of a width. */
  static String source(Width width) {
    PackedLoops s = new PackedLoops(width);
    s.head();
    s.text.append(width.pack());
    s.sum();
    if (!width.bytes().isEmpty()) {
      s.sumBytes();
    }
    s.line(0, "}");
    return s.text.toString();
  }

  private void line(int depth, String code) {
    text.append("  ".repeat(code.isEmpty() ? 0 : depth)).append(code).append('\n');
  }

  private void lines(int depth, String block) {
    block.lines().forEach(l -> line(depth, l));
  }

  private void head() {
    boolean bytes = !width.bytes().isEmpty();
    line(0, "package dev.ashlar.tensor.kernel.vector.packed;");
    line(0, "");
    for (String operation : List.of("ASHR", "I2F", "LSHL", "LSHR")) {
      boolean used =
          switch (operation) {
            case "ASHR" -> bytes;
            case "LSHL" -> bytes || width.words() > 1;
            default -> true;
          };
      if (used) {
        line(0, "import static jdk.incubator.vector.VectorOperators." + operation + ";");
      }
    }
    line(0, "");
    if (!width.pack().isEmpty()) {
      line(0, "import java.lang.invoke.MethodHandles;");
      line(0, "import java.lang.invoke.VarHandle;");
      line(0, "import java.nio.ByteOrder;");
    }
    line(0, "import jdk.incubator.vector.FloatVector;");
    line(0, "import jdk.incubator.vector.IntVector;");
    if (bytes) {
      line(0, "import jdk.incubator.vector.ShortVector;");
    }
    line(0, "");
    line(0, "/**");
    line(0, " * " + width.bits() + "-bit codes: " + width.layout() + ".");
    line(0, " *");
    line(0, " * <p>Generated by {@code PackedLoops}, among the tests; change it there.");
    line(0, " */");
    line(0, "final class " + width.name() + " extends VectorPackedCodes {");
    fields();
    line(1, width.name() + "() {");
    line(
        2,
        "super(%d, %d, %d, %d);"
            .formatted(width.bits(), width.columns(), width.words(), width.masks()));
    line(1, "}");
  }

  private void fields() {
    if (!width.pack().isEmpty()) {
      String type = width.bits() == 4 ? "long" : "int";
      line(1, "private static final VarHandle " + (width.bits() == 4 ? "LONGS" : "WORDS") + " =");
      line(
          3,
          "MethodHandles.byteArrayViewVarHandle(" + type + "[].class, ByteOrder.LITTLE_ENDIAN);");
      line(0, "");
    }
    if (!width.bytes().isEmpty()) {
      line(1, "/** Units whose products sum up in shorts: " + width.bytes().getFirst() + ". */");
      line(1, "private static final int BYTE_UNITS = " + width.bytes().getLast() + ";");
      line(0, "");
    }
  }

  private void sum() {
    lines(
        1,
        """

        @Override
        void sum(int[] w, int at, int groups, int units, float[] x, int xAt, float[] sums, int sumsAt) {
          sum(w, at, groups, units, x, xAt, sums, sumsAt, mask());
        }

        private static void sum(
            int[] w,
            int at,
            int groups,
            int units,
            float[] x,
            int xAt,
            float[] sums,
            int sumsAt,
            int mask) {""");
    for (int j = 0; j < width.masks(); j++) {
      if (!width.reachesSign(j)) {
        String at = j == 0 ? "mask" : "mask << " + j * width.bits();
        line(2, "IntVector m" + j + " = IntVector.broadcast(INTS, " + at + ");");
      }
    }
    line(2, "FloatVector one = FloatVector.broadcast(FLOATS, 1);");
    String ints = width.words() == 1 ? "ROWS" : "(" + width.words() + " * ROWS)";
    line(2, "for (int g = 0; g < groups; g++) {");
    line(3, "int w0 = at + g * units * " + ints + ";");
    line(3, "int x0 = xAt + g * units * " + width.columns() + ";");
    for (String sum : List.of("a0", "a1", "b0", "b1")) {
      line(3, "FloatVector " + sum + " = FloatVector.zero(FLOATS);");
    }
    line(3, "FloatVector e;");
    line(3, "for (int u = 0; u < units; u++) {");
    if (width.words() == 1) {
      oneInt();
    } else {
      severalInts(ints);
    }
    line(3, "}");
    line(3, "one.fma(a0, b0).intoArray(sums, sumsAt + g * ROWS);");
    line(3, "one.fma(a1, b1).intoArray(sums, sumsAt + g * ROWS + LANES);");
    line(2, "}");
    line(1, "}");
  }

  private void oneInt() {
    line(4, "IntVector p = IntVector.fromArray(INTS, w, w0 + u * ROWS);");
    line(4, "IntVector q = IntVector.fromArray(INTS, w, w0 + u * ROWS + LANES);");
    line(4, "int k = x0 + u * " + width.columns() + ";");
    if (width.masks() == width.whole()) {
      codes(4, "p", "q", "k");
      return;
    }
    int step = width.masks() * width.bits();
    line(4, "for (int h = 0; h < " + Integer.SIZE + "; h += " + step + ") {");
    line(5, "IntVector r = p.lanewise(LSHR, h);");
    line(5, "IntVector s = q.lanewise(LSHR, h);");
    codes(5, "r", "s", "k");
    line(5, "k += " + width.masks() + ";");
    line(4, "}");
  }

  private void severalInts(String ints) {
    int words = width.words();
    line(4, "IntVector t0 = IntVector.zero(INTS);");
    line(4, "IntVector t1 = IntVector.zero(INTS);");
    line(4, "int i = w0 + u * " + ints + ";");
    line(4, "int k = x0 + u * " + width.columns() + ";");
    line(4, "for (int v = 0; v < " + words + "; v++) {");
    line(5, "IntVector p = IntVector.fromArray(INTS, w, i + v * ROWS);");
    line(5, "IntVector q = IntVector.fromArray(INTS, w, i + v * ROWS + LANES);");
    codes(5, "p", "q", "k + v * " + width.whole());
    String up = ".lanewise(LSHR, 30).lanewise(LSHL, " + (2 * words - 2) + " - 2 * v)";
    line(5, "t0 = p" + up + ".or(t0);");
    line(5, "t1 = q" + up + ".or(t1);");
    line(4, "}");
    for (int n = 0; n < width.rest(); n++) {
      String mask = "m" + (width.rest() - 1 - n);
      int code = words * width.whole() + n;
      String sum = n % 2 == 0 ? "a" : "b";
      multiply(4, sum, "k + " + code, mask + ".and(t0)", mask + ".and(t1)");
    }
  }

  /** All codes of an int, or of as much of it as is masked where it stands. */
  private void codes(int depth, String p, String q, String first) {
    for (int j = 0; j < width.masks(); j++) {
      String out =
          width.reachesSign(j) ? ".lanewise(LSHR, " + j * width.bits() + ")" : ".and(m" + j + ")";
      multiply(depth, j % 2 == 0 ? "a" : "b", first + (j == 0 ? "" : " + " + j), p + out, q + out);
    }
  }

  private void multiply(int depth, String sum, String column, String low, String high) {
    line(depth, "e = FloatVector.broadcast(FLOATS, x[" + column + "]);");
    for (String[] part : new String[][] {{"0", low}, {"1", high}}) {
      String to = sum + part[0];
      line(depth, to + " = ((FloatVector) " + part[1] + ".convert(I2F, 0)).fma(e, " + to + ");");
    }
  }

  private void sumBytes() {
    lines(
        1,
        """

        @Override
        void sumBytes(
            int[] w,
            int at,
            int groups,
            int units,
            int[] pairs,
            int pairsAt,
            float[] steps,
            int stepsAt,
            float[] sums,
            int sumsAt) {
          IntVector zero = IntVector.zero(INTS);
          int i = at;
          int k = pairsAt;
          for (int g = 0; g < groups; g++) {
            IntVector c = zero;
            IntVector d = zero;
            IntVector s;
            ShortVector a;
            ShortVector b;
            ShortVector p;
            ShortVector q;
            ShortVector e;
            for (int from = 0; from < units; from += BYTE_UNITS) {
              int end = Math.min(units, from + BYTE_UNITS);
              a = ShortVector.zero(SHORTS);
              b = ShortVector.zero(SHORTS);
              for (int u = from; u < end; u++) {
                p = IntVector.fromArray(INTS, w, i).reinterpretAsShorts();
                q = IntVector.fromArray(INTS, w, i + LANES).reinterpretAsShorts();""");
    List<String> shifts = new ArrayList<>();
    for (int j = 0; j < width.columns() / 2; j++) {
      shifts.add(j == 0 ? "" : ".lanewise(LSHR, " + j * width.bits() + ")");
    }
    for (int j = 0; j < shifts.size(); j++) {
      String pair = j == 0 ? "k" : "k + " + j;
      line(5, "e = IntVector.broadcast(INTS, pairs[" + pair + "]).reinterpretAsShorts();");
      line(5, "a = p" + shifts.get(j) + ".mul(e).add(a);");
      line(5, "b = q" + shifts.get(j) + ".mul(e).add(b);");
    }
    line(5, "i += ROWS;");
    line(5, "k += " + width.columns() + ";");
    lines(
        1,
        """
              }
              s = a.reinterpretAsInts();
              c = s.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s.lanewise(ASHR, 16)).add(c);
              s = b.reinterpretAsInts();
              d = s.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s.lanewise(ASHR, 16)).add(d);
            }
            FloatVector t = FloatVector.broadcast(FLOATS, steps[stepsAt + g]);
            ((FloatVector) zero.add(c).convert(I2F, 0)).mul(t).intoArray(sums, sumsAt + g * ROWS);
            ((FloatVector) zero.add(d).convert(I2F, 0)).mul(t).intoArray(sums, sumsAt + g * ROWS + LANES);
          }
        }""");
  }
}

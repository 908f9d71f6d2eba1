package dev.ashlar.tuning.work;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.quant.Codes;
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.Groups.SuperBlocks;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.Outliers;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Every kind of matrix comes back as it was, and is written the same way again. */
class MatrixRecordTest {
  private static final int OUT = 3;
  private static final int IN = 8;

  private final Random random = new Random(1);

  private byte[] codes(int bits) {
    byte[] codes = new byte[OUT * IN];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) random.nextInt(1 << bits);
    }
    return codes;
  }

  private float[] floats(int n) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = random.nextFloat() - 0.5f;
    }
    return values;
  }

  private List<QuantizedMatrix> all() {
    IntegerGrid grid = new IntegerGrid(3, 4, false, DType.F32);
    QuantizedMatrix zeros =
        new QuantizedMatrix(OUT, IN, grid, codes(3), floats(6), new byte[] {0, 1, 7, 3, 2, 5});
    SuperBlocks.Multiples one =
        new SuperBlocks.Multiples(floats(3), new byte[] {1, -2, 3, 4, 5, 6});
    SuperBlocks.Multiples two = new SuperBlocks.Multiples(floats(3), new byte[] {9, 8, 7, 6, 5, 4});
    List<QuantizedMatrix> all = new ArrayList<>();
    all.add(zeros);
    all.add(zeros.withGroupOfColumn(new int[] {0, 1, 1, 0, 0, 1, 1, 0}));
    all.add(
        new QuantizedMatrix(
            OUT,
            IN,
            new Codes.Integers(8, codes(8)),
            new Groups.Minimums(4, floats(6), floats(6))));
    for (SuperBlocks.Offset offset :
        List.of(new SuperBlocks.Offset.ZeroPoint(8), new SuperBlocks.Offset.Below(two))) {
      all.add(
          new QuantizedMatrix(
              OUT, IN, new Codes.Integers(4, codes(4)), new SuperBlocks(4, 2, one, offset)));
    }
    all.add(
        new QuantizedMatrix(
            OUT, IN, Codes.Table.nf4(codes(4)), new Groups.Minimums(4, floats(6), new float[6])));
    all.add(
        zeros.withOutliers(
            new Outliers.Entries(
                new int[] {0, 2, 2, 3}, new int[] {1, 7, 0}, new float[] {5, -6, 7})));
    all.add(zeros.withOutliers(new Outliers.Columns(new int[] {2, 5}, floats(2 * OUT))));
    return all;
  }

  private static byte[] written(QuantizedMatrix q) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    MatrixRecord.write(new DataOutputStream(bytes), q);
    return bytes.toByteArray();
  }

  @Test
  void roundTrips() throws IOException {
    for (QuantizedMatrix q : all()) {
      byte[] bytes = written(q);
      QuantizedMatrix back =
          MatrixRecord.read(new DataInputStream(new ByteArrayInputStream(bytes)));
      assertEquals(q.toString(), back.toString());
      assertArrayEquals(q.dequantize().data(), back.dequantize().data(), q.toString());
      assertArrayEquals(bytes, written(back), q.toString());
    }
  }
}

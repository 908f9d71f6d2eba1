package dev.ashlar.tuning.work;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.quant.Codes;
import dev.ashlar.tensor.quant.FloatFormat;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.Groups.SuperBlocks;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.Outliers;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * One quantized matrix in a unit's file, all numbers big-endian. Arrays have an int32 length before
 * them.
 *
 * <pre>
 * int32     out, in
 * byte      0 integers: byte bits; 1 table: float32 array
 * bytes     codes [out, in], one per byte
 * byte      0 zero points: int32 bits, group size; byte symmetric, byte scales in float32;
 *             float32 array scales, byte array zero points
 *           1 minimums: int32 group size; float32 arrays scales, minimums
 *           2 super-blocks: int32 group size, groups per block; float32 array, byte array scales;
 *             byte whether int32 zero follows, or float32 array, byte array minimums
 *           3 scales of small floats: byte format, int32 block size, byte type of scales (numbers
 *             of their enums); float32 array scales
 * byte      whether columns have explicit groups; if so int32 array
 * byte      0 no outliers; 1 entries: int32 arrays starts, columns, float32 array values
 *           2 columns: int32 array columns, float32 array values
 * </pre>
 */
final class MatrixRecord {
  private MatrixRecord() {}

  static void write(DataOutputStream out, QuantizedMatrix q) throws IOException {
    out.writeInt(q.out());
    out.writeInt(q.in());
    switch (q.codes()) {
      case Codes.Integers c -> {
        out.writeByte(0);
        out.writeByte(c.bits());
      }
      case Codes.Table c -> {
        out.writeByte(1);
        floats(out, c.table());
      }
    }
    out.write(q.codes().values());
    groups(out, q.groups());
    out.writeBoolean(q.groupOfColumn() != null);
    if (q.groupOfColumn() != null) {
      ints(out, q.groupOfColumn());
    }
    outliers(out, q.outliers().orElse(null));
  }

  private static void groups(DataOutputStream out, Groups groups) throws IOException {
    switch (groups) {
      case Groups.ZeroPoints g -> {
        out.writeByte(0);
        out.writeInt(g.grid().bits());
        out.writeInt(g.grid().groupSize());
        out.writeBoolean(g.grid().symmetric());
        out.writeBoolean(g.grid().scaleType() == DType.F32);
        floats(out, g.scales());
        bytes(out, g.zeros());
      }
      case Groups.Minimums g -> {
        out.writeByte(1);
        out.writeInt(g.groupSize());
        floats(out, g.scales());
        floats(out, g.minimums());
      }
      case Groups.Scales g -> {
        out.writeByte(3);
        out.writeByte(g.grid().element().ordinal());
        out.writeInt(g.grid().blockSize());
        out.writeInt(g.grid().blockRows());
        out.writeByte(g.grid().scale().ordinal());
        floats(out, g.scales());
        out.writeFloat(g.global());
      }
      case SuperBlocks g -> {
        out.writeByte(2);
        out.writeInt(g.groupSize());
        out.writeInt(g.perBlock());
        multiples(out, g.scales());
        switch (g.offset()) {
          case SuperBlocks.Offset.ZeroPoint z -> {
            out.writeBoolean(true);
            out.writeInt(z.zero());
          }
          case SuperBlocks.Offset.Below b -> {
            out.writeBoolean(false);
            multiples(out, b.below());
          }
        }
      }
    }
  }

  private static void multiples(DataOutputStream out, SuperBlocks.Multiples m) throws IOException {
    floats(out, m.bases());
    bytes(out, m.factors());
  }

  private static void outliers(DataOutputStream out, Outliers outliers) throws IOException {
    switch (outliers) {
      case null -> out.writeByte(0);
      case Outliers.Entries o -> {
        out.writeByte(1);
        ints(out, o.start());
        ints(out, o.columns());
        floats(out, o.values());
      }
      case Outliers.Columns o -> {
        out.writeByte(2);
        ints(out, o.columns());
        floats(out, o.values());
      }
    }
  }

  static QuantizedMatrix read(DataInputStream in) throws IOException {
    int out = in.readInt();
    int columns = in.readInt();
    boolean table = in.readByte() == 1;
    int bits = table ? 0 : in.readByte();
    float[] meanings = table ? floats(in) : null;
    byte[] values = exactly(in, Math.multiplyExact(out, columns));
    Codes codes = table ? new Codes.Table(meanings, values) : new Codes.Integers(bits, values);
    QuantizedMatrix q = new QuantizedMatrix(out, columns, codes, groups(in));
    QuantizedMatrix grouped = in.readBoolean() ? q.withGroupOfColumn(ints(in)) : q;
    return switch (in.readByte()) {
      case 1 -> grouped.withOutliers(new Outliers.Entries(ints(in), ints(in), floats(in)));
      case 2 -> grouped.withOutliers(new Outliers.Columns(ints(in), floats(in)));
      default -> grouped;
    };
  }

  private static Groups groups(DataInputStream in) throws IOException {
    return switch (in.readByte()) {
      case 0 ->
          new Groups.ZeroPoints(
              new IntegerGrid(
                  in.readInt(),
                  in.readInt(),
                  in.readBoolean(),
                  in.readBoolean() ? DType.F32 : DType.F16),
              floats(in),
              bytes(in));
      case 1 -> new Groups.Minimums(in.readInt(), floats(in), floats(in));
      case 3 ->
          new Groups.Scales(
              new FloatGrid(
                  FloatFormat.values()[in.readByte()],
                  in.readInt(),
                  in.readInt(),
                  FloatGrid.Scale.values()[in.readByte()],
                  Optional.empty()),
              floats(in),
              in.readFloat());
      default -> {
        int size = in.readInt();
        int perBlock = in.readInt();
        SuperBlocks.Multiples scales = new SuperBlocks.Multiples(floats(in), bytes(in));
        SuperBlocks.Offset offset =
            in.readBoolean()
                ? new SuperBlocks.Offset.ZeroPoint(in.readInt())
                : new SuperBlocks.Offset.Below(new SuperBlocks.Multiples(floats(in), bytes(in)));
        yield new SuperBlocks(size, perBlock, scales, offset);
      }
    };
  }

  private static void bytes(DataOutputStream out, byte[] values) throws IOException {
    out.writeInt(values.length);
    out.write(values);
  }

  private static void floats(DataOutputStream out, float[] values) throws IOException {
    ByteBuffer raw = ByteBuffer.allocate(Math.multiplyExact(values.length, Float.BYTES));
    raw.asFloatBuffer().put(values);
    out.writeInt(values.length);
    out.write(raw.array());
  }

  private static void ints(DataOutputStream out, int[] values) throws IOException {
    ByteBuffer raw = ByteBuffer.allocate(Math.multiplyExact(values.length, Integer.BYTES));
    raw.asIntBuffer().put(values);
    out.writeInt(values.length);
    out.write(raw.array());
  }

  private static byte[] bytes(DataInputStream in) throws IOException {
    return exactly(in, in.readInt());
  }

  private static float[] floats(DataInputStream in) throws IOException {
    float[] values = new float[in.readInt()];
    ByteBuffer.wrap(exactly(in, Math.multiplyExact(values.length, Float.BYTES)))
        .asFloatBuffer()
        .get(values);
    return values;
  }

  private static int[] ints(DataInputStream in) throws IOException {
    int[] values = new int[in.readInt()];
    ByteBuffer.wrap(exactly(in, Math.multiplyExact(values.length, Integer.BYTES)))
        .asIntBuffer()
        .get(values);
    return values;
  }

  private static byte[] exactly(DataInputStream in, int count) throws IOException {
    byte[] read = in.readNBytes(count);
    if (read.length < count) {
      throw new EOFException("a matrix is cut short");
    }
    return read;
  }
}

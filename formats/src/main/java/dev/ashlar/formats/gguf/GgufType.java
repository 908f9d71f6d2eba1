package dev.ashlar.formats.gguf;

import dev.ashlar.formats.gguf.encode.BlockEncoder;
import dev.ashlar.formats.gguf.encode.CodebookEncoders;
import dev.ashlar.formats.gguf.encode.SmallEncoders;
import dev.ashlar.formats.gguf.encode.SuperEncoders;
import dev.ashlar.formats.gguf.encode.TernaryEncoders;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.blocks.Row;
import dev.ashlar.tensor.quant.SuperGrid;
import java.util.Optional;

/** The tensor types of GGUF: the one list of what can be read, and of what can be written. */
public enum GgufType {
  F32(0, DType.F32),
  F16(1, DType.F16),
  Q4_0(2, 32, 18, SmallBlocks::q4_0, SmallEncoders::q4_0),
  Q4_1(3, 32, 20, SmallBlocks::q4_1, SmallEncoders::q4_1),
  Q5_0(6, 32, 22, SmallBlocks::q5_0, SmallEncoders::q5_0),
  Q5_1(7, 32, 24, SmallBlocks::q5_1, SmallEncoders::q5_1),
  Q8_0(8, 32, 34, SmallBlocks::q8_0, SmallEncoders::q8_0),
  Q2_K(10, 256, 84, SuperBlocks::q2k, SuperEncoders::q2k),
  Q3_K(11, 256, 110, SuperBlocks::q3k, SuperEncoders::q3k),
  Q4_K(12, 256, 144, SuperBlocks::q4k, SuperEncoders::q4k),
  Q5_K(13, 256, 176, SuperBlocks::q5k, SuperEncoders::q5k),
  Q6_K(14, 256, 210, SuperBlocks::q6k, SuperEncoders::q6k),
  IQ2_XXS(16, 256, 66, GridBlocks.IQ2_XXS),
  IQ2_XS(17, 256, 74, GridBlocks.IQ2_XS),
  IQ3_XXS(18, 256, 98, GridBlocks.IQ3_XXS),
  IQ1_S(19, 256, 50, GridBlocks.IQ1_S),
  IQ4_NL(20, 32, 18, CodebookBlocks.IQ4_NL, CodebookEncoders.iq4nl(CodebookBlocks.NON_LINEAR)),
  IQ3_S(21, 256, 110, GridBlocks.IQ3_S),
  IQ2_S(22, 256, 82, GridBlocks.IQ2_S),
  IQ4_XS(23, 256, 136, CodebookBlocks.IQ4_XS, CodebookEncoders.iq4xs(CodebookBlocks.NON_LINEAR)),
  I8(24, DType.I8),
  I16(25, DType.I16),
  I32(26, DType.I32),
  I64(27, DType.I64),
  F64(28, DType.F64),
  IQ1_M(29, 256, 56, GridBlocks.IQ1_M),
  BF16(30, DType.BF16),
  TQ1_0(34, 256, 54, TernaryBlocks.TQ1_0, TernaryEncoders::tq1),
  TQ2_0(35, 256, 66, TernaryBlocks.TQ2_0, TernaryEncoders::tq2),
  MXFP4(39, 32, 17, CodebookBlocks.MXFP4, CodebookEncoders::mxfp4),
  NVFP4(40, 64, 36, CodebookBlocks.NVFP4);

  private final int id;
  private final int elements;
  private final int bytes;
  private final DType dtype;
  private final GgufBlock block;
  private final BlockEncoder encoder;

  GgufType(int id, DType dtype) {
    this(id, 1, dtype.bytes(), dtype, null, null);
  }

  /** A type that is read only. */
  GgufType(int id, int elements, int bytes, GgufBlock block) {
    this(id, elements, bytes, DType.F32, block, null);
  }

  GgufType(int id, int elements, int bytes, GgufBlock block, BlockEncoder encoder) {
    this(id, elements, bytes, DType.F32, block, encoder);
  }

  GgufType(int id, int elements, int bytes, DType dtype, GgufBlock block, BlockEncoder encoder) {
    this.id = id;
    this.elements = elements;
    this.bytes = bytes;
    this.dtype = dtype;
    this.block = block;
    this.encoder = encoder;
  }

  /** The type of that number in a file, or null if it is unknown or was removed. */
  static GgufType of(int id) {
    for (GgufType t : values()) {
      if (t.id == id) {
        return t;
      }
    }
    return null;
  }

  /** Elements per block; 1 for plain elements. */
  public int elements() {
    return elements;
  }

  /** Bytes per block. */
  public int bytes() {
    return bytes;
  }

  /** The element type, or the one that blocks widen to. */
  public DType dtype() {
    return dtype;
  }

  /** How a block widens, or null for plain elements. */
  GgufBlock block() {
    return block;
  }

  /** The grid of two levels that its blocks are of; empty for other types. */
  public Optional<SuperGrid> levels() {
    return switch (this) {
      case Q2_K -> Optional.of(SuperGrid.KNOWN.get(0));
      case Q3_K -> Optional.of(SuperGrid.KNOWN.get(1));
      case Q4_K -> Optional.of(SuperGrid.KNOWN.get(2));
      case Q5_K -> Optional.of(SuperGrid.KNOWN.get(3));
      case Q6_K -> Optional.of(SuperGrid.KNOWN.get(4));
      default -> Optional.empty();
    };
  }

  /** How a block is made of floats, or null for plain elements and types that are read only. */
  public BlockEncoder encoder() {
    return encoder;
  }

  /** The type's number in a file. */
  public int id() {
    return id;
  }

  /**
   * Puts whole blocks of a row's first {@code count} columns into {@code dst} from {@code to} on;
   * for types with an {@link #encoder}.
   */
  public void encode(Row row, byte[] dst, int to, int count) {
    for (int b = 0; b < count / elements; b++) {
      encoder.encode(row, b * elements, dst, to + b * bytes);
    }
  }

  /**
   * Widens whole blocks that begin at {@code src[from]}.
   *
   * @param dst receives {@code count} elements
   */
  public void widen(byte[] src, int from, float[] dst, int count) {
    for (int b = 0; b < count / elements; b++) {
      block.dequantize(src, from + b * bytes, dst, b * elements);
    }
  }
}

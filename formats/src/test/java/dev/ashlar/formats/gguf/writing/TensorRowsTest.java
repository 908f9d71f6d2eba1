package dev.ashlar.formats.gguf.writing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.gguf.GgufFile;
import dev.ashlar.formats.gguf.GgufType;
import dev.ashlar.io.InputException;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.MemoryWeights;
import dev.ashlar.tensor.weights.StoredTensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** No type takes for a weight what is no number. */
class TensorRowsTest {
  private static final int ROWS = 5;
  private static final int IN = 512;

  @TempDir Path temp;

  private static boolean canBeWritten(GgufType type) {
    boolean plain = type == GgufType.F32 || type == GgufType.F16 || type == GgufType.BF16;
    return plain || type.encoder() != null;
  }

  private static Tensor matrix() {
    Random random = new Random(3);
    Tensor tensor = Tensor.zeros(ROWS, IN);
    for (int i = 0; i < tensor.size(); i++) {
      tensor.data()[i] = (float) random.nextGaussian() * 0.02f;
    }
    return tensor;
  }

  private static StoredTensor stored(Tensor tensor) {
    return new MemoryWeights(Map.of()).put("layer.weight", tensor).tensor("layer.weight");
  }

  private Path write(StoredTensor tensor, GgufType type) {
    Path file = temp.resolve("m.gguf");
    try (GgufWriter writer = new GgufWriter(file)) {
      writer.begin("t", type, tensor.shape());
      new TensorRows(Path.of("model"), tensor, type, t -> null).write(writer);
      writer.finish();
    }
    return file;
  }

  @TestFactory
  List<DynamicTest> whatIsNoNumberIsNamed() {
    List<DynamicTest> tests = new ArrayList<>();
    for (GgufType type : GgufType.values()) {
      for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
        if (canBeWritten(type)) {
          tests.add(DynamicTest.dynamicTest(type + " " + bad, () -> assertNamed(type, bad)));
        }
      }
    }
    assertTrue(tests.size() > 40);
    return tests;
  }

  private void assertNamed(GgufType type, float bad) throws Exception {
    for (int at : new int[] {0, 3 * IN + 300, ROWS * IN - 1}) {
      Tensor tensor = matrix();
      tensor.data()[at] = bad;
      for (int threads : new int[] {1, 3}) {
        InputException e =
            assertThrows(
                InputException.class,
                () -> Parallel.limited(threads, () -> write(stored(tensor), type)));
        assertEquals("model", e.file());
        assertEquals("layer.weight", e.place());
        String found = bad + " in row " + at / IN + ", column " + at % IN;
        assertTrue(e.getMessage().contains(found), e.getMessage());
        assertTrue(e.getMessage().endsWith("the model is damaged: download it again"));
        try (Stream<Path> left = Files.list(temp)) {
          assertEquals(List.of(), left.toList());
        }
      }
    }
  }

  /** Bytes that are copied as they lie, of plain types and of blocks, are looked at too. */
  @Test
  void copiedBytesAreLookedAt() {
    for (GgufType type : List.of(GgufType.F32, GgufType.Q4_0, GgufType.Q6_K, GgufType.MXFP4)) {
      Path file = write(stored(matrix()), type);
      try (GgufFile read = GgufFile.open(file)) {
        StoredTensor good = read.find("t").orElseThrow();
        byte[] bytes = new byte[(int) good.byteSize()];
        good.readBytes(0, bytes, 0, bytes.length);
        write(new Bytes(good, bytes), type);
        int row = bytes.length / ROWS;
        // All bits set are no number in half and single precision, and no scale of MXFP4.
        Arrays.fill(bytes, 2 * row, 2 * row + row, (byte) 0xFF);
        InputException e =
            assertThrows(
                InputException.class, () -> write(new Bytes(good, bytes), type), type + "");
        assertTrue(e.getMessage().contains("in row 2, column 0"), e.getMessage());
      }
    }
  }

  /** What codes stand for can be too large for a float. */
  @Test
  void codesThatStandForNoNumberAreNamed() {
    IntegerGrid grid = new IntegerGrid(8, 128, true);
    byte[] codes = new byte[ROWS * IN];
    Arrays.fill(codes, (byte) 0xFF);
    float[] scales = new float[ROWS * IN / 128];
    Arrays.fill(scales, 1e-3f);
    scales[5] = Float.MAX_VALUE;
    byte[] zeros = new byte[scales.length];
    Arrays.fill(zeros, (byte) grid.middle());
    QuantizedMatrix matrix = new QuantizedMatrix(ROWS, IN, grid, codes, scales, zeros);
    InputException e =
        assertThrows(
            InputException.class,
            () -> write(new CodesTensor("layer.weight", matrix), GgufType.Q6_K));
    assertTrue(e.getMessage().contains("Infinity in row 1, column 128"), e.getMessage());
  }

  private record Bytes(StoredTensor like, byte[] bytes) implements StoredTensor {
    @Override
    public String name() {
      return "layer.weight";
    }

    @Override
    public Shape shape() {
      return like.shape();
    }

    @Override
    public DType dtype() {
      return like.dtype();
    }

    @Override
    public String storage() {
      return like.storage();
    }

    @Override
    public long byteSize() {
      return bytes.length;
    }

    @Override
    public void read(long from, float[] target, int offset, int count) {
      throw new AssertionError("bytes are copied");
    }

    @Override
    public void readBytes(long from, byte[] target, int offset, int count) {
      System.arraycopy(bytes, (int) from, target, offset, count);
    }
  }
}

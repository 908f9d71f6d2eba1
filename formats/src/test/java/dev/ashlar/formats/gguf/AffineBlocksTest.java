package dev.ashlar.formats.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Shared;
import dev.ashlar.formats.gguf.family.RowView;
import dev.ashlar.io.InputException;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;

/** Codes, scales and minimums give the very values that widening gives. */
class AffineBlocksTest {
  @Test
  void holdTheValuesOfTheirBlocks() throws IOException {
    Set<String> covered = new TreeSet<>();
    try (DirectoryStream<Path> files =
        Files.newDirectoryStream(Shared.path("fixtures/gguf"), "*.gguf")) {
      for (Path path : files) {
        try (GgufFile file = GgufFile.open(path)) {
          for (String name : file.names()) {
            StoredTensor t = file.find(name).orElseThrow();
            if (assertSameValues(t)) {
              covered.add(t.storage());
            }
          }
        } catch (InputException e) {
          assertTrue(e.getMessage().contains("big-endian"), e.getMessage());
        }
      }
    }
    for (GgufType type : GgufType.values()) {
      assertEquals(AffineBlocks.of(type).isPresent(), covered.contains(type.name()), type.name());
    }
  }

  private static boolean assertSameValues(StoredTensor t) {
    Optional<QuantizedMatrix> groups = t.quantized();
    if (groups.isEmpty()) {
      return false;
    }
    QuantizedMatrix w = groups.get();
    assertEquals(t.shape(), Shape.of(w.out(), w.in()));
    float[] expected = t.toTensor().data();
    float[] found = w.dequantize().data();
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], found[i], 0f, t.storage() + " at " + i);
      assertTrue((w.codes().values()[i] & 0xFF) >>> w.codes().bits() == 0, t.storage());
    }
    return true;
  }

  @Test
  void followTheOrderOfRotaryRows() {
    Random random = new Random(1);
    byte[] raw = new byte[12 * 2 * 18];
    random.nextBytes(raw);
    for (int b = 0; b < raw.length; b += 18) {
      raw[b + 1] = (byte) (raw[b + 1] & 0x3B); // a finite scale
    }
    LongUnaryOperator order = row -> row - row % 6 + row % 3 * 2 + row % 6 / 3;
    StoredTensor t = new RowView(Shape.of(12, 64), List.of(new Blocks(raw)), 64, order);
    assertTrue(assertSameValues(t));
  }

  /** Twelve rows of two Q4_0 blocks, in memory. */
  private record Blocks(byte[] raw) implements StoredTensor {
    @Override
    public String name() {
      return "blocks";
    }

    @Override
    public Shape shape() {
      return Shape.of(12, 64);
    }

    @Override
    public DType dtype() {
      return DType.F32;
    }

    @Override
    public long byteSize() {
      return raw.length;
    }

    @Override
    public void read(long from, float[] target, int offset, int count) {
      float[] all = new float[12 * 64];
      for (int b = 0; b < 24; b++) {
        SmallBlocks.q4_0(raw, 18 * b, all, 32 * b);
      }
      System.arraycopy(all, (int) from, target, offset, count);
    }

    @Override
    public void readBytes(long from, byte[] target, int offset, int count) {
      System.arraycopy(raw, (int) from, target, offset, count);
    }

    @Override
    public Optional<QuantizedMatrix> quantized() {
      return AffineBlocks.of(GgufType.Q4_0)
          .map(b -> b.matrix(12, 64, GgufType.Q4_0, (at, to, n) -> readBytes(at, to, 0, n)));
    }
  }
}

package dev.ashlar.tensor.affine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.ActivationPrecision;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kernel.FakeQuantKernel;
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.io.DataInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The four functions against their definition, the fake quantizers and AutoRound's own files. */
class AffineTest {
  private static final int[] GROUPS = {1, 7, 32, 48, 64, -1};
  private static final int[][] SHAPES = {{1, 1}, {3, 5}, {17, 33}, {64, 100}, {40, 192}};

  private static Tensor random(int out, int in, Random random) {
    Tensor w = Tensor.zeros(out, in);
    for (int i = 0; i < w.size(); i++) {
      w.data()[i] = (float) random.nextGaussian() * 0.1f;
    }
    return w;
  }

  /** Minimum and maximum of a group by hand, scale and zero point in the grid's own terms. */
  private static void checkParameters(
      Tensor w, IntegerGrid grid, int row, int from, int to, float scale, int zero) {
    float low = 0;
    float high = 0;
    for (int k = from; k < to; k++) {
      low = Math.min(low, w.data()[row * w.dim(1) + k]);
      high = Math.max(high, w.data()[row * w.dim(1) + k]);
    }
    if (grid.symmetric()) {
      float signed = high < -low ? -low : -high;
      float expected = grid.roundScale(signed / grid.middle());
      float floor = Math.copySign(Math.max(Math.abs(expected), grid.scaleFloor()), expected);
      assertEquals(floor, scale);
      assertEquals(grid.middle(), zero);
    } else {
      float expected = Math.max(grid.roundScale((high - low) / grid.maxCode()), grid.scaleFloor());
      assertEquals(expected, scale);
      assertEquals((int) Math.clamp(Math.rint(-low / expected), 0, grid.maxCode()), zero);
    }
  }

  @Test
  void everyGroupIsPutOnItsOwnGrid() {
    Random random = new Random(1);
    for (int[] shape : SHAPES) {
      for (int group : GROUPS) {
        for (int bits = 2; bits <= 8; bits++) {
          for (DType scale : new DType[] {DType.F16, DType.F32}) {
            IntegerGrid grid = new IntegerGrid(bits, group, random.nextBoolean(), scale);
            checkGroups(random(shape[0], shape[1], random), grid);
          }
        }
      }
    }
  }

  private static void checkGroups(Tensor w, IntegerGrid grid) {
    int in = w.dim(1);
    Groups.ZeroPoints p = Affine.parameters(w, grid);
    QuantizedMatrix q = Affine.quantize(w, p);
    float[] back = Affine.dequantize(q).data();
    int size = grid.effectiveGroup(in);
    for (int o = 0; o < w.dim(0); o++) {
      for (int g = 0; g < grid.groups(in); g++) {
        int at = o * grid.groups(in) + g;
        int end = Math.min(in, (g + 1) * size);
        checkParameters(w, grid, o, g * size, end, p.scales()[at], p.zeros()[at] & 0xFF);
      }
      for (int k = 0; k < in; k++) {
        int at = o * grid.groups(in) + k / size;
        float s = p.scales()[at];
        int zero = p.zeros()[at] & 0xFF;
        double u = Math.rint(w.data()[o * in + k] / s) + zero;
        int code = (int) Math.max(0, Math.min(grid.maxCode(), u));
        assertEquals(code, q.codes().values()[o * in + k] & 0xFF, grid.toString());
        assertEquals(s * (code - zero), back[o * in + k]);
      }
    }
  }

  /** The fake quantizers of every backend, which methods use, choose the same. */
  @Test
  void agreeWithTheFakeQuantizersBitForBit() {
    Random random = new Random(2);
    for (Backend backend : Backends.all()) {
      for (int[] shape : SHAPES) {
        for (int group : GROUPS) {
          IntegerGrid grid = new IntegerGrid(2 + random.nextInt(7), group, random.nextBoolean());
          Tensor w = random(shape[0], shape[1], random);
          int groups = shape[0] * grid.groups(shape[1]);
          float[] low = new float[groups];
          float[] high = new float[groups];
          float[] scales = new float[groups];
          byte[] zeros = new byte[groups];
          byte[] codes = new byte[w.size()];
          FakeQuantKernel kernel = backend.fakeQuant();
          kernel.range(grid, 0, shape[0], shape[1], w.data(), low, high);
          kernel.forward(
              new FakeQuantKernel.Parameters(
                  grid, shape[0], shape[1], w.data(), low, high, null, null, null),
              0,
              shape[0],
              null,
              codes,
              scales,
              zeros);
          QuantizedMatrix q = Affine.quantize(w, Affine.parameters(w, grid));
          assertArrayEquals(scales, q.zeroPoints().scales(), grid.toString());
          assertArrayEquals(zeros, q.zeroPoints().zeros(), grid.toString());
          assertArrayEquals(codes, q.codes().values(), grid.toString());
        }
      }
    }
  }

  /**
   * A layer of a tiny Llama as auto-round 0.16 exported it without tuning ({@code iters 0}): weight
   * {@code [out, in]}, then for each of some grids its codes, float16 scales and zero points, all
   * big-endian.
   */
  @Test
  void agreeWithAutoRoundsFiles() throws IOException {
    try (DataInputStream file =
        new DataInputStream(AffineTest.class.getResourceAsStream("autoround-rtn.bin"))) {
      int out = file.readInt();
      int in = file.readInt();
      Tensor w = Tensor.zeros(out, in);
      for (int i = 0; i < w.size(); i++) {
        w.data()[i] = file.readFloat();
      }
      for (int count = file.readInt(); count > 0; count--) {
        IntegerGrid grid = new IntegerGrid(file.readInt(), file.readInt(), file.readBoolean());
        QuantizedMatrix q = Affine.quantize(w, Affine.parameters(w, grid));
        assertArrayEquals(file.readNBytes(out * in), q.codes().values(), grid.toString());
        for (float scale : q.zeroPoints().scales()) {
          assertEquals(Float.float16ToFloat(file.readShort()), scale, grid.toString());
        }
        byte[] zeros = q.zeroPoints().zeros();
        assertArrayEquals(file.readNBytes(zeros.length), zeros, grid.toString());
      }
      assertEquals(-1, file.read());
    }
  }

  @Test
  void oneScaleMayServeTheWholeMatrix() {
    Random random = new Random(3);
    for (int[] shape : SHAPES) {
      for (boolean symmetric : new boolean[] {true, false}) {
        Tensor w = random(shape[0], shape[1], random);
        IntegerGrid grid = new IntegerGrid(4, -1, symmetric);
        Groups.ZeroPoints p = Affine.parametersOfTensor(w, grid);
        Tensor flat = Tensor.of(w.data(), 1, w.size());
        checkParameters(flat, grid, 0, 0, w.size(), p.scales()[0], p.zeros()[0] & 0xFF);
        QuantizedMatrix q = Affine.quantize(w, p);
        byte[] expected = Affine.quantize(flat, Affine.parameters(flat, grid)).codes().values();
        assertArrayEquals(expected, q.codes().values());
      }
    }
  }

  @Test
  void whatLiesOutsideGetsTheLastCode() {
    Groups.ZeroPoints p =
        new Groups.ZeroPoints(new IntegerGrid(3, -1, false), new float[] {1}, new byte[] {2});
    Tensor w = Tensor.of(new float[] {-1e30f, -2.6f, -0.5f, 0.5f, 1.5f, 1e30f}, 1, 6);
    assertArrayEquals(new byte[] {0, 0, 2, 2, 4, 7}, Affine.quantize(w, p).codes().values());
  }

  @Test
  void productsAreThoseOfTheDequantizedMatrix() {
    Random random = new Random(4);
    for (Backend backend : Backends.all()) {
      for (int[] shape : SHAPES) {
        Tensor w = random(shape[0], shape[1], random);
        IntegerGrid grid = new IntegerGrid(4, 32, false);
        QuantizedMatrix q = Affine.quantize(w, Affine.parameters(w, grid));
        float[] dense = Affine.dequantize(q).data();
        Tensor x = Tensor.zeros(2, 3, shape[1]);
        System.arraycopy(random(6, shape[1], random).data(), 0, x.data(), 0, x.size());
        Tensor y = Affine.multiply(x, q, backend, ActivationPrecision.FLOAT);
        assertEquals("[2, 3, " + shape[0] + "]", y.shape().toString());
        for (int i = 0; i < y.size(); i++) {
          double sum = 0;
          for (int k = 0; k < shape[1]; k++) {
            sum +=
                (double) x.data()[i / shape[0] * shape[1] + k] * dense[i % shape[0] * shape[1] + k];
          }
          assertEquals(sum, y.data()[i], 1e-5, backend.name());
        }
      }
    }
  }

  @Test
  void threadsChangeNothing() {
    Tensor w = random(300, 256, new Random(5));
    IntegerGrid grid = new IntegerGrid(3, 64, true);
    byte[] one =
        Parallel.limited(1, () -> Affine.quantize(w, Affine.parameters(w, grid)).codes().values());
    byte[] many =
        Parallel.limited(5, () -> Affine.quantize(w, Affine.parameters(w, grid)).codes().values());
    assertArrayEquals(one, many);
  }

  @Test
  void faultsAreNamed() {
    IntegerGrid grid = new IntegerGrid(4, -1, true);
    Tensor w = Tensor.zeros(2, 3);
    w.data()[4] = Float.NaN;
    String message =
        assertThrows(IllegalArgumentException.class, () -> Affine.parameters(w, grid)).getMessage();
    assertTrue(message.contains("NaN at 1, 1"), message);
    float[] wide = new float[4];
    Arrays.fill(wide, 1e9f);
    assertThrows(
        IllegalArgumentException.class, () -> Affine.parameters(Tensor.of(wide, 2, 2), grid));
    assertThrows(
        IllegalArgumentException.class, () -> Affine.parameters(Tensor.zeros(2, 2, 2), grid));
    assertThrows(
        IllegalArgumentException.class,
        () -> Affine.parametersOfTensor(Tensor.zeros(2, 2), new IntegerGrid(4, 2, true)));
    Groups.ZeroPoints p = Affine.parameters(Tensor.zeros(2, 3), grid);
    assertThrows(IllegalArgumentException.class, () -> Affine.quantize(Tensor.zeros(3, 3), p));
    QuantizedMatrix q = Affine.quantize(Tensor.zeros(2, 3), p);
    assertThrows(IllegalArgumentException.class, () -> Affine.multiply(Tensor.zeros(1, 4), q));
  }
}

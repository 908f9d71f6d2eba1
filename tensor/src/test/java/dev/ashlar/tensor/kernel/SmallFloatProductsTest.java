package dev.ashlar.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tensor.quant.Codes;
import dev.ashlar.tensor.quant.FloatFormat;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Products with codes of small floats in groups with scales. */
class SmallFloatProductsTest {
  static Iterable<Backend> backends() {
    return Backends.all();
  }

  @ParameterizedTest
  @MethodSource("backends")
  void areThoseOfTheFloatsThatTheyStandFor(Backend backend) {
    Random random = new Random(1);
    for (FloatGrid grid :
        new FloatGrid[] {
          FloatGrid.mxfp4(),
          FloatGrid.mxfp8(),
          FloatGrid.nvfp4(),
          FloatGrid.fp8(FloatFormat.E4M3),
          new FloatGrid(FloatFormat.E4M3, 0, FloatGrid.Scale.F32),
          FloatGrid.tiles(FloatFormat.E4M3, 32),
          FloatGrid.tiles(FloatFormat.E4M3, 128),
          FloatGrid.tiles(FloatFormat.E4M3, 8)
        }) {
      for (boolean powers : new boolean[] {true, false}) {
        for (int m : new int[] {1, 3, 7, 40}) {
          QuantizedMatrix w = matrix(grid, 37, 96, powers, random);
          float[] x = new float[m * 96];
          for (int i = 0; i < x.length; i++) {
            x[i] = random.nextFloat() * 2 - 1;
          }
          float[] expected = new float[m * 37];
          float[] dense = w.dequantize().data();
          Backends.reference()
              .matMul()
              .xwt(m, 37, 96, x, 0, 96, dense, 0, 96, expected, 0, 37, false);
          float[] found = new float[expected.length];
          backend.packed().multiply(m, x, 0, backend.packed().pack(w), found, 0);
          for (int i = 0; i < expected.length; i++) {
            double bound = 1e-5 * Math.max(100, Math.abs(expected[i]));
            assertEquals(expected[i], found[i], bound, grid + " at " + i);
          }
        }
      }
    }
  }

  /** No form of small floats takes four bytes for a weight. */
  @Test
  void areKeptInFewBytes() {
    Optional<Backend> found =
        Backends.all().stream().filter(b -> b.name().equals("vector")).findFirst();
    Assumptions.assumeTrue(found.isPresent(), "skipped: the Vector API is not offered here");
    Random random = new Random(2);
    for (boolean powers : new boolean[] {true, false}) {
      assertTrue(bytes(found.get(), FloatGrid.mxfp4(), powers, random) < 0.8 * 64 * 96);
      assertTrue(bytes(found.get(), FloatGrid.nvfp4(), powers, random) < 1.05 * 64 * 96);
      for (FloatGrid grid :
          new FloatGrid[] {
            FloatGrid.fp8(FloatFormat.E4M3),
            new FloatGrid(FloatFormat.E4M3, 0, FloatGrid.Scale.F32),
            FloatGrid.tiles(FloatFormat.E4M3, 32)
          }) {
        assertTrue(bytes(found.get(), grid, powers, random) < 2.1 * 64 * 96, grid.toString());
      }
    }
    assertEquals(2 * 64 * 96, bytes(found.get(), FloatGrid.mxfp8(), true, random));
  }

  private static long bytes(Backend backend, FloatGrid grid, boolean powers, Random random) {
    return backend.packed().pack(matrix(grid, 64, 96, powers, random)).byteSize();
  }

  /** Values that are multiples of a half, by their scales, as integers: the same floats. */
  @Test
  void wholeMultiplesAreIntegersInDisguise() {
    Random random = new Random(3);
    for (FloatGrid grid : new FloatGrid[] {FloatGrid.mxfp4(), FloatGrid.nvfp4()}) {
      QuantizedMatrix w = matrix(grid, 40, 96, false, random);
      QuantizedMatrix integers = w.withIntegerCodes().orElseThrow();
      assertEquals(5, integers.codes().bits());
      float[] expected = w.dequantize().data();
      float[] same = integers.dequantize().data();
      for (int i = 0; i < expected.length; i++) {
        assertEquals(expected[i], same[i], 0f);
      }
    }
    QuantizedMatrix eight = matrix(FloatGrid.mxfp8(), 40, 96, true, random);
    assertTrue(eight.withIntegerCodes().isEmpty());
  }

  private static QuantizedMatrix matrix(
      FloatGrid grid, int out, int in, boolean powers, Random random) {
    FloatFormat format = grid.element();
    byte[] codes = new byte[out * in];
    for (int i = 0; i < codes.length; i++) {
      do {
        codes[i] = (byte) random.nextInt(1 << format.bits());
      } while (!Float.isFinite(format.value(codes[i] & 0xFF)));
    }
    float[] scales = new float[out * Math.ceilDiv(in, grid.effectiveBlock(in))];
    int perRow = scales.length / out;
    int height = grid.effectiveRows(out);
    for (int i = 0; i < scales.length; i++) {
      boolean first = i / perRow % height == 0;
      float own = powers ? Math.scalb(1f, random.nextInt(8) - 6) : 0.1f + random.nextFloat();
      // Rows of a tile share their scales, and all groups where there is one for the matrix.
      scales[i] = first ? own : scales[i - perRow];
    }
    return new QuantizedMatrix(
        out, in, Codes.Table.of(format, codes), new Groups.Scales(grid, scales));
  }
}

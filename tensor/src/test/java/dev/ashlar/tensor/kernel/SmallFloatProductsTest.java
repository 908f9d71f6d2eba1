package dev.ashlar.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ashlar.tensor.quant.Codes;
import dev.ashlar.tensor.quant.FloatFormat;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.PackedMatrix;
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
        new FloatGrid[] {FloatGrid.mxfp4(), FloatGrid.mxfp8(), FloatGrid.nvfp4()}) {
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

  /** What 16 bits hold exactly is kept in them, and nothing else. */
  @Test
  void powersOfTwoAsScalesTakeTwoBytesForAWeight() {
    Optional<Backend> found =
        Backends.all().stream().filter(b -> b.name().equals("vector")).findFirst();
    Assumptions.assumeTrue(found.isPresent(), "skipped: the Vector API is not offered here");
    Backend vector = found.get();
    Random random = new Random(2);
    for (FloatGrid grid : new FloatGrid[] {FloatGrid.mxfp4(), FloatGrid.mxfp8()}) {
      PackedMatrix exact = vector.packed().pack(matrix(grid, 64, 96, true, random));
      assertEquals(2 * 64 * 96, exact.byteSize());
      PackedMatrix other = vector.packed().pack(matrix(grid, 64, 96, false, random));
      assertEquals(4 * 64 * 96, other.byteSize());
    }
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
    for (int i = 0; i < scales.length; i++) {
      scales[i] = powers ? Math.scalb(1f, random.nextInt(8) - 6) : 0.1f + random.nextFloat();
    }
    return new QuantizedMatrix(
        out, in, Codes.Table.of(format, codes), new Groups.Scales(grid, scales));
  }
}

package dev.ashlar.tensor.kernel;

import static dev.ashlar.tensor.kernel.KernelTesting.floats;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ashlar.tensor.kernel.GridErrorKernel.Group;
import dev.ashlar.tensor.kernel.GridSumsKernel.Candidates;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Sums of grids: by hand, and the same bits on every backend. */
class GridSumsKernelTest {
  private static final float[] TABLE = {-8, -3, -1, 0, 2, 5};

  static Iterable<Backend> backends() {
    return Backends.all();
  }

  @ParameterizedTest
  @MethodSource("backends")
  void anExampleByHand(Backend backend) {
    Candidates c = Candidates.room(2);
    c.inverses()[0] = 2;
    c.inverses()[1] = 1;
    c.shifts()[1] = -1;
    float[] x = {9, 0.25f, -0.75f, 2, 9};
    float[] w = {9, 9, 1, 2, 4};
    backend.gridSums().integers(new Group(3, x, 1, w, 2), -2, 1, 2, c);
    // Doubled: 0.5 goes to the even 0, −1.5 to the even −2, 4 is clamped to 1.
    assertEquals(1 * 0 + 2 * -2 + 4 * 1, c.codes()[0]);
    assertEquals(1 * 0 + 2 * 4 + 4 * 1, c.squares()[0]);
    assertEquals(2 * -2 * -0.75f + 4 * 1 * 2, c.products()[0]);
    // Raised by one: 1.25, 0.25 and 3, which are 1, 0 and 1.
    assertEquals(1 * 1 + 2 * 0 + 4 * 1, c.codes()[1]);
    assertEquals(1 * 0.25f + 4 * 1 * 2, c.products()[1]);
  }

  @ParameterizedTest
  @MethodSource("backends")
  void anExampleWithATable(Backend backend) {
    Candidates c = Candidates.room(1);
    c.inverses()[0] = 1;
    // Between two entries the lower one: −2 is −3, 1 is 0; beyond the ends the ends.
    float[] x = {-100, -2, 1, 1.5f, 100};
    float[] w = {1, 1, 1, 1, 1};
    backend.gridSums().table(new Group(5, x, 0, w, 0), TABLE, 1, c);
    assertEquals(-8 - 3 + 0 + 2 + 5, c.codes()[0]);
    assertEquals(64 + 9 + 0 + 4 + 25, c.squares()[0]);
    assertEquals(800 + 6 + 0 + 3 + 500, c.products()[0]);
  }

  @ParameterizedTest
  @MethodSource("backends")
  void allBackendsHaveTheSameBits(Backend backend) {
    Random random = new Random(23);
    for (int n : new int[] {1, 3, 8, 16, 32, 100}) {
      for (int count : new int[] {1, 7, 16, 33, 48}) {
        float[] x = floats(random, n + 3, 0.3f);
        x[3 + n / 2] = 1e30f;
        float[] w = floats(random, n + 5, 2f);
        Candidates expected = candidates(new Random(n), count);
        Candidates found = candidates(new Random(n), count);
        Group group = new Group(n, x, 3, w, 5);
        Backends.reference().gridSums().integers(group, -4, 3, count, expected);
        backend.gridSums().integers(group, -4, 3, count, found);
        assertSame(expected, found, count);
        Backends.reference().gridSums().table(group, TABLE, count, expected);
        backend.gridSums().table(group, TABLE, count, found);
        assertSame(expected, found, count);
      }
    }
  }

  private static Candidates candidates(Random random, int count) {
    Candidates candidates = Candidates.room(count);
    for (int c = 0; c < count; c++) {
      candidates.inverses()[c] = (random.nextFloat() - 0.5f) * 40;
      candidates.shifts()[c] = random.nextFloat() - 0.5f;
    }
    return candidates;
  }

  private static void assertSame(Candidates expected, Candidates found, int count) {
    assertArrayEquals(first(expected.codes(), count), first(found.codes(), count));
    assertArrayEquals(first(expected.squares(), count), first(found.squares(), count));
    assertArrayEquals(first(expected.products(), count), first(found.products(), count));
  }

  private static float[] first(float[] values, int count) {
    return Arrays.copyOf(values, count);
  }
}

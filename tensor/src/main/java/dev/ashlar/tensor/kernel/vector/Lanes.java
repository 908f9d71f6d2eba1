package dev.ashlar.tensor.kernel.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** The vector width of this process and the register tile that suits it. */
final class Lanes {
  static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;

  /** Floats in a vector. */
  static final int L = F.length();

  /**
   * Whether there are 32 vector registers, enough for a tile of 6 rows by 4 vectors. AVX-512 and
   * Arm have them; x86 at narrower widths may have 16.
   */
  static final boolean WIDE = L >= 16 || System.getProperty("os.arch", "").equals("aarch64");

  /** Rows of the register tile. */
  static final int TILE_ROWS = 6;

  /** Floats per k of a packed strip of A: the tile's rows, padded so that one index serves both. */
  static final int STRIP = 8;

  /** Columns of the register tile, and so the width of a packed panel of B. */
  static final int PANEL = (WIDE ? 4 : 2) * L;

  private Lanes() {}
}

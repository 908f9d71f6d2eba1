package dev.ashlar.tensor.kernel;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.quant.FloatFormat;
import dev.ashlar.tensor.quant.FloatGrid;
import java.util.Arrays;

/**
 * The scales of a matrix of small floats, in one place because their bits decide the codes: the
 * largest magnitude of a block, times a multiplier β, decides its scale, which is a power of two
 * (OCP Microscaling Formats 1.0, section 6.3), an FP8 number beside a float for the matrix (NVFP4),
 * or a float that puts the magnitude on the largest element.
 *
 * <p>A block is a part of a row, a row, the matrix, or a tile of rows and inputs; blocks are
 * counted row of blocks by row of blocks.
 */
public final class BlockScales {
  /** vLLM's floor of a scale of FP8, in largest elements. */
  private static final float SMALLEST = 1f / 512;

  private static final FloatFormat SCALE = FloatFormat.E4M3;
  private static final int GRAIN = 1 << 12;

  private final FloatGrid grid;
  private final int out;
  private final int groups;
  private final int rows;
  private final float[] largest;
  private final float global;

  /**
   * The scales of a matrix.
   *
   * @param weight {@code [out, in]}, finite; not kept
   * @param range the largest magnitude of all matrices that share the float beside FP8 scales, or 0
   *     for this one's own
   */
  public BlockScales(FloatGrid grid, int out, int in, float[] weight, float range) {
    this.grid = grid;
    this.out = out;
    this.groups = grid.groups(in);
    this.rows = grid.effectiveRows(out);
    this.largest = new float[Math.ceilDiv(out, rows) * groups];
    int size = grid.effectiveBlock(in);
    Parallel.rows(
        Math.ceilDiv(out, rows),
        Math.max(1, GRAIN / in / rows),
        (from, to) -> {
          for (int r = from * rows; r < Math.min(out, to * rows); r++) {
            for (int k = 0; k < in; k++) {
              int block = r / rows * groups + k / size;
              largest[block] = Math.max(largest[block], Math.abs(weight[r * in + k]));
            }
          }
        });
    float own = 0;
    for (float x : largest) {
      own = Math.max(own, x);
    }
    this.global = grid.hasGlobal() ? global(grid.element(), Math.max(own, range)) : 1;
  }

  private BlockScales(BlockScales other, float[] largest) {
    this.grid = other.grid;
    this.out = other.out;
    this.groups = other.groups;
    this.rows = other.rows;
    this.largest = largest;
    this.global = other.global;
  }

  /** The same scales for magnitudes that are multiplied by {@code factors}, one for each block. */
  public BlockScales times(float[] factors) {
    float[] other = new float[largest.length];
    for (int block = 0; block < other.length; block++) {
      other[block] = largest[block] * factors[block];
    }
    return new BlockScales(this, other);
  }

  /** The largest magnitude of a block. */
  public float largest(int block) {
    return largest[block];
  }

  /**
   * What FP8 scales are divided by, so that the largest magnitude has the largest scale.
   *
   * @param range the largest magnitude
   */
  public static float global(FloatFormat element, float range) {
    float divisor = SCALE.largest() * element.largest() * (1 / range);
    // Of zeros, or of what is all but zero, nothing is left whatever the scale.
    return Float.isInfinite(divisor) ? 1 : divisor;
  }

  /** How many blocks there are. */
  public int count() {
    return largest.length;
  }

  /** What stored scales are divided by; 1 but for FP8 scales. */
  public float global() {
    return global;
  }

  /**
   * Fills {@code scales [out, groups]}.
   *
   * @param multipliers β of each block, clamped in place to [0, {@code bound}]; null for ones
   */
  public void fill(float[] multipliers, float bound, float[] scales) {
    for (int block = 0; block < largest.length; block++) {
      float factor = 1;
      if (multipliers != null) {
        multipliers[block] = Math.clamp(multipliers[block], 0, bound);
        factor = multipliers[block];
      }
      float s = scale(grid, largest[block] * factor, global);
      int first = block / groups * rows;
      for (int r = first; r < Math.min(out, first + rows); r++) {
        scales[r * groups + block % groups] = s;
      }
    }
  }

  /** New scales without multipliers. */
  public float[] plain() {
    float[] scales = new float[out * groups];
    fill(null, 1, scales);
    return scales;
  }

  /**
   * The scale of a block.
   *
   * @param magnitude its largest, not negative
   * @param global what FP8 scales are divided by
   */
  public static float scale(FloatGrid grid, float magnitude, float global) {
    FloatFormat format = grid.element();
    return switch (grid.scale()) {
      case E8M0 -> format.powerOfTwo(magnitude == 0 ? 1 : exponent(magnitude));
      case E4M3 ->
          SCALE.round(Math.min(global * (magnitude * (1 / format.largest())), SCALE.largest()))
              / global;
      case F32, F16, BF16 -> Math.max(magnitude / format.largest(), SMALLEST / format.largest());
    };
  }

  /** The exponent of a positive float, subnormal ones among them. */
  private static int exponent(float x) {
    return x < Float.MIN_NORMAL ? Math.getExponent(x * 0x1p64f) - 64 : Math.getExponent(x);
  }

  /**
   * Gradients of the multipliers, roundings of scales being passed straight through.
   *
   * @param dScales what each row adds to the gradients of the scales, {@code [out, groups]}
   * @param gradient receives ∂L/∂β of each block
   */
  public void gradient(float[] multipliers, float[] dScales, float[] gradient) {
    Arrays.fill(gradient, 0f);
    for (int block = 0; block < largest.length; block++) {
      double sum = 0;
      int first = block / groups * rows;
      for (int r = first; r < Math.min(out, first + rows); r++) {
        sum += dScales[r * groups + block % groups];
      }
      double slope = slope(grid, largest[block] * multipliers[block], global);
      gradient[block] = (float) (sum * slope * largest[block]);
    }
  }

  /**
   * The gradient of {@link #scale} with respect to the magnitude, its rounding being passed
   * straight through; 0 where a bound decides the scale.
   */
  public static float slope(FloatGrid grid, float magnitude, float global) {
    float most = grid.element().largest();
    return switch (grid.scale()) {
      case E8M0 -> magnitude > 0 ? scale(grid, magnitude, 1) / magnitude : 0;
      case E4M3 -> global * (magnitude * (1 / most)) < SCALE.largest() ? 1 / most : 0;
      case F32, F16, BF16 -> magnitude > SMALLEST ? 1 / most : 0;
    };
  }
}

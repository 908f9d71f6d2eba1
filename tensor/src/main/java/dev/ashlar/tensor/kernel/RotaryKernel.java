package dev.ashlar.tensor.kernel;

/**
 * Rotary position embedding on rows {@code [from, to)} of {@code x [rows, heads, headDim]}: pair
 * {@code i} of each head is turned by the angle of row {@code r}'s position. A pair is {@code (i, i
 * + rotaryDim/2)} in the half-split layout (Llama, NeoX) and {@code (2i, 2i+1)} in the interleaved
 * one (GPT-J). Elements from {@code rotaryDim} on pass through.
 */
public interface RotaryKernel {
  /**
   * {@code y (+)= rotate(x)}; {@code x} and {@code y} may be the same array unless accumulating.
   *
   * @param positions position of each row, {@code [rows]}
   * @param cos {@code [positions, rotaryDim/2]}
   * @param sin {@code [positions, rotaryDim/2]}
   * @param inverse turns the other way: the gradient of the forward rotation
   */
  void rotate(
      int from,
      int to,
      int heads,
      int headDim,
      int rotaryDim,
      boolean interleaved,
      int[] positions,
      float[] cos,
      float[] sin,
      boolean inverse,
      float[] x,
      float[] y,
      boolean accumulate);
}

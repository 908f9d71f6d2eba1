package dev.ashlar.formats.gguf;

/**
 * Blocks whose values are whole multiples of a group's scale, whatever their codes look like: a
 * table, a grid of vectors or digits to the base of three. They run as integers with one zero
 * point, which is exact, and takes as many bits as the multiples need.
 *
 * @param elements of a block
 * @param group elements per scale
 * @param bits that hold every multiple once {@code zero} is added to it
 * @param zero what is added, so that codes are not negative
 * @param split takes one block apart
 */
record WholeBlocks(int elements, int group, int bits, int zero, Split split) implements GgufBlock {
  /** Takes blocks apart. */
  @FunctionalInterface
  interface Split {
    /**
     * Takes the block that begins at {@code src[from]} apart.
     *
     * @param codes receives its multiples plus the zero point, from {@code at} on
     * @param scales receives a scale for each group, from {@code scaleAt} on
     */
    void split(byte[] src, int from, byte[] codes, int at, float[] scales, int scaleAt);
  }

  @Override
  public void dequantize(byte[] src, int from, float[] dst, int to) {
    byte[] codes = new byte[elements];
    float[] scales = new float[elements / group];
    split.split(src, from, codes, 0, scales, 0);
    for (int i = 0; i < elements; i++) {
      dst[to + i] = scales[i / group] * ((codes[i] & 0xFF) - zero);
    }
  }
}

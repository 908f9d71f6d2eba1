package dev.ashlar.formats.export;

import dev.ashlar.formats.gguf.GgufType;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.blocks.Row;
import dev.ashlar.tensor.quant.FileBlocks;

/** What a file's own rounding makes of weights that are left to it. */
public final class FileRounding {
  private FileRounding() {}

  /**
   * The weights as they are read from the file again, all columns counting alike.
   *
   * @param weight {@code [out, in]}, finite; not changed
   * @return the caller's, {@code [out, in]}
   * @throws IllegalArgumentException if no format that can be written has such blocks, or they do
   *     not divide the rows
   */
  public static Tensor of(Tensor weight, FileBlocks blocks) {
    int out = weight.dim(0);
    int in = weight.dim(1);
    GgufType type =
        GgufSchemes.type(blocks)
            .filter(t -> blocks.divides(in))
            .orElseThrow(
                () -> new IllegalArgumentException("no file has rows of " + in + " in " + blocks));
    Tensor rounded = Tensor.zeros(weight.shape());
    Parallel.rows(
        out,
        1,
        (from, to) -> {
          float[] values = new float[in];
          byte[] bytes = new byte[in / type.elements() * type.bytes()];
          for (int r = from; r < to; r++) {
            System.arraycopy(weight.data(), r * in, values, 0, in);
            type.encode(new Row(values, null), bytes, 0, in);
            type.widen(bytes, 0, values, in);
            System.arraycopy(values, 0, rounded.data(), r * in, in);
          }
        });
    return rounded;
  }
}

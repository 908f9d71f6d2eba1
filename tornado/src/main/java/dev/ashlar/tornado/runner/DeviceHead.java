package dev.ashlar.tornado.runner;

import dev.ashlar.nn.decoder.HeadSpec;
import dev.ashlar.tornado.graph.Tasks;
import dev.ashlar.tornado.kernel.DeviceRows;
import java.util.ArrayList;
import java.util.List;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Final norm and output map of some rows.
 *
 * @param rows at most
 * @param norm or null
 * @param projection to the width of the embeddings, or null
 * @param active how many rows are somebody's: the first ones
 * @param in the last hidden states {@code [rows, dim]}
 * @param normed behind the norm
 * @param projected behind the projection
 * @param logits {@code [rows, vocab]}
 */
record DeviceHead(
    HeadSpec spec,
    int rows,
    DeviceNorm norm,
    DeviceLinear projection,
    DeviceLinear output,
    IntArray active,
    FloatArray in,
    FloatArray normed,
    FloatArray projected,
    FloatArray logits) {
  /**
   * The head of a decoder, of one row.
   *
   * @param dim of hidden states
   * @param table the embedding's matrix, which is a tied head's; else null
   */
  static DeviceHead of(HeadSpec spec, int dim, Tensors t, DeviceWeight table) {
    DeviceNorm norm = spec.norm().map(n -> DeviceNorm.of("", n, t)).orElse(null);
    DeviceLinear projection = spec.projection().map(p -> t.linear("", p)).orElse(null);
    DeviceLinear output = table == null ? t.linear("", spec.output()) : tied(spec, t, table);
    return of(spec, 1, dim, norm, projection, output);
  }

  private static DeviceHead of(
      HeadSpec spec,
      int rows,
      int dim,
      DeviceNorm norm,
      DeviceLinear projection,
      DeviceLinear output) {
    return new DeviceHead(
        spec,
        rows,
        norm,
        projection,
        output,
        IntArray.fromArray(new int[] {rows}),
        Tensors.constant(Math.multiplyExact(rows, dim), 0),
        Tensors.constant(Math.multiplyExact(rows, dim), 0),
        Tensors.constant(Math.multiplyExact(rows, output.in()), 0),
        Tensors.constant(Math.multiplyExact(rows, output.out()), 0));
  }

  /** The same weights for so many rows. */
  DeviceHead ofRows(int count) {
    return of(spec, count, dim(), norm, projection, output);
  }

  /** Elements of a hidden state. */
  int dim() {
    return in.getSize() / rows;
  }

  /** Logits of a row. */
  int vocab() {
    return output.out();
  }

  private static DeviceLinear tied(HeadSpec spec, Tensors t, DeviceWeight table) {
    String name = spec.output().name();
    FloatArray bias = spec.output().bias() ? t.plus(name + ".bias", spec.output().out(), 0) : null;
    return new DeviceLinear(table, bias);
  }

  /** Everything that stays on the device. */
  List<Object> arrays() {
    List<Object> all = new ArrayList<>();
    if (norm != null) {
      norm.addArrays(all);
      all.add(normed);
    }
    if (projection != null) {
      projection.addArrays(all);
      all.add(projected);
    }
    output.addArrays(all);
    all.add(logits);
    return all;
  }

  /** The same with what is brought each time. */
  List<Object> allArrays() {
    List<Object> all = arrays();
    all.add(in);
    all.add(active);
    return all;
  }

  /** Adds the tasks: {@code logits} of {@code in}. */
  void add(Tasks tasks) {
    FloatArray x = in;
    if (norm != null) {
      norm.add(tasks, x, normed, rows);
      x = normed;
    }
    if (projection != null) {
      projection.add(tasks, x, projected, active, rows);
      x = projected;
    }
    output.add(tasks, x, logits, active, rows);
    int n = rows * output.out();
    float scale = spec.scale();
    float cap = spec.softcap();
    if (scale != 1 || cap > 0) {
      tasks.add((g, id) -> g.task(id, DeviceRows::scaleAndCap, logits, n, scale, cap));
    }
  }
}

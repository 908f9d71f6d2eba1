package dev.ashlar.tornado.runner;

import dev.ashlar.nn.decoder.HeadSpec;
import dev.ashlar.tornado.kernel.DeviceRows;
import java.util.ArrayList;
import java.util.List;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Final norm and output map of one row.
 *
 * @param norm or null
 * @param projection to the width of the embeddings, or null
 * @param in the last hidden state
 * @param normed behind the norm
 * @param projected behind the projection
 */
record DeviceHead(
    HeadSpec spec,
    DeviceNorm norm,
    DeviceLinear projection,
    DeviceLinear output,
    IntArray one,
    FloatArray in,
    FloatArray normed,
    FloatArray projected,
    FloatArray logits) {
  /**
   * The head of a decoder.
   *
   * @param dim of hidden states
   * @param table the embedding's matrix, which is a tied head's; else null
   */
  static DeviceHead of(HeadSpec spec, int dim, Tensors t, DeviceWeight table) {
    DeviceNorm norm = spec.norm().map(n -> DeviceNorm.of("", n, t)).orElse(null);
    DeviceLinear projection = spec.projection().map(p -> t.linear("", p)).orElse(null);
    DeviceLinear output = table == null ? t.linear("", spec.output()) : tied(spec, t, table);
    return new DeviceHead(
        spec,
        norm,
        projection,
        output,
        IntArray.fromArray(new int[] {1}),
        Tensors.constant(dim, 0),
        Tensors.constant(dim, 0),
        Tensors.constant(output.in(), 0),
        Tensors.constant(output.out(), 0));
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
    all.add(one);
    all.add(logits);
    return all;
  }

  /** Adds the tasks: {@code logits} of {@code in}. */
  void add(Tasks tasks) {
    FloatArray x = in;
    if (norm != null) {
      norm.add(tasks, x, normed, 1);
      x = normed;
    }
    if (projection != null) {
      projection.add(tasks, x, projected, one, 1);
      x = projected;
    }
    output.add(tasks, x, logits, one, 1);
    int n = output.out();
    float scale = spec.scale();
    float cap = spec.softcap();
    if (scale != 1 || cap > 0) {
      tasks.add((g, id) -> g.task(id, DeviceRows::scaleAndCap, logits, n, scale, cap));
    }
  }
}

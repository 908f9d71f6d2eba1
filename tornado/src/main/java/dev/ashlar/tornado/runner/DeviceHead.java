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
 * @param in the last hidden state
 * @param normed behind the norm
 */
record DeviceHead(
    HeadSpec spec,
    DeviceNorm norm,
    DeviceLinear output,
    IntArray one,
    FloatArray in,
    FloatArray normed,
    FloatArray logits) {
  /**
   * The head of a decoder.
   *
   * @param table the embedding's matrix, which is a tied head's
   */
  static DeviceHead of(HeadSpec spec, Tensors t, FloatArray table) {
    DeviceNorm norm = spec.norm().map(n -> DeviceNorm.of("", n, t)).orElse(null);
    DeviceLinear output = table == null ? t.linear("", spec.output()) : tied(spec, t, table);
    int dim = output.in();
    return new DeviceHead(
        spec,
        norm,
        output,
        IntArray.fromArray(new int[] {1}),
        t.constant(dim, 0),
        t.constant(dim, 0),
        t.constant(output.out(), 0));
  }

  private static DeviceLinear tied(HeadSpec spec, Tensors t, FloatArray table) {
    String name = spec.output().name();
    int out = spec.output().out();
    FloatArray bias = spec.output().bias() ? t.plus(name + ".bias", out, 0) : null;
    return new DeviceLinear(out, spec.output().in(), null, table, bias);
  }

  /** Everything that stays on the device. */
  List<Object> arrays() {
    List<Object> all = new ArrayList<>();
    if (norm != null) {
      norm.addArrays(all);
      all.add(normed);
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
      norm.add(tasks, in, normed, 1);
      x = normed;
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

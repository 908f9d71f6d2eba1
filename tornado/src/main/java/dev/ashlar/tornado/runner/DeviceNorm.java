package dev.ashlar.tornado.runner;

import dev.ashlar.nn.decoder.NormSpec;
import dev.ashlar.tornado.kernel.DeviceRows;
import java.util.List;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * A norm of rows.
 *
 * @param weight {@code [dim]}
 * @param bias {@code [dim]} of a layer norm, null for one by the root of the mean square
 */
record DeviceNorm(int dim, float eps, FloatArray weight, FloatArray bias) {
  static DeviceNorm of(String parent, NormSpec spec, Tensors tensors) {
    String name = parent + spec.name();
    return switch (spec) {
      case NormSpec.Rms r ->
          new DeviceNorm(
              r.dim(), r.eps(), tensors.plus(name + ".weight", r.dim(), r.offset()), null);
      case NormSpec.Layer l -> {
        FloatArray weight =
            l.weight()
                ? tensors.plus(name + ".weight", l.dim(), l.offset())
                : tensors.constant(l.dim(), 1);
        FloatArray bias =
            l.bias() ? tensors.plus(name + ".bias", l.dim(), 0) : tensors.constant(l.dim(), 0);
        yield new DeviceNorm(l.dim(), l.eps(), weight, bias);
      }
      case NormSpec.PerHead p -> throw new IllegalArgumentException("norms of each head");
    };
  }

  void addArrays(List<Object> to) {
    to.add(weight);
    if (bias != null) {
      to.add(bias);
    }
  }

  /** Adds the norm of {@code rows} rows; {@code y} may be {@code x}. */
  void add(Tasks tasks, FloatArray x, FloatArray y, int rows) {
    if (bias != null) {
      tasks.add((g, id) -> g.task(id, DeviceRows::layer, x, weight, bias, y, rows, dim, eps));
    } else if (tasks.usesGroups()) {
      int items = Tasks.ITEMS;
      tasks.addGroups(
          rows,
          (g, id) ->
              g.task(id, DeviceRows::rmsByGroups, tasks.context(), x, weight, y, dim, eps, items));
    } else {
      tasks.add((g, id) -> g.task(id, DeviceRows::rms, x, weight, y, rows, dim, eps));
    }
  }
}

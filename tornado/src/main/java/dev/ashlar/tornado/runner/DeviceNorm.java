package dev.ashlar.tornado.runner;

import dev.ashlar.nn.decoder.NormSpec;
import dev.ashlar.tornado.graph.Tasks;
import dev.ashlar.tornado.kernel.DeviceRows;
import java.util.List;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * A norm of rows.
 *
 * @param sets weights that rows take in turns: as many as heads that have their own, else 1
 * @param weight {@code [sets, dim]}
 * @param bias {@code [sets, dim]} of a layer norm, null for one by the root of the mean square
 */
record DeviceNorm(int dim, float eps, int sets, FloatArray weight, FloatArray bias) {
  static DeviceNorm of(String parent, NormSpec spec, Tensors tensors) {
    String name = parent + spec.name();
    int dim = spec.dim();
    return switch (spec) {
      case NormSpec.Rms r ->
          new DeviceNorm(dim, r.eps(), 1, tensors.plus(name + ".weight", dim, r.offset()), null);
      case NormSpec.Layer l -> {
        FloatArray weight =
            l.weight() ? tensors.plus(name + ".weight", dim, l.offset()) : Tensors.constant(dim, 1);
        FloatArray bias =
            l.bias() ? tensors.plus(name + ".bias", dim, 0) : Tensors.constant(dim, 0);
        yield new DeviceNorm(dim, l.eps(), 1, weight, bias);
      }
      case NormSpec.PerHead p -> {
        FloatArray weight =
            p.listed()
                ? listed(name, p, tensors)
                : tensors.plus(name + ".weight", p.heads() * dim, 0);
        FloatArray bias = Tensors.constant(p.heads() * dim, 0);
        yield new DeviceNorm(dim, p.eps(), p.heads(), weight, bias);
      }
    };
  }

  private static FloatArray listed(String name, NormSpec.PerHead p, Tensors tensors) {
    FloatArray all = new FloatArray(p.heads() * p.dim());
    for (int h = 0; h < p.heads(); h++) {
      FloatArray own = tensors.plus(name + "." + h + ".weight", p.dim(), 0);
      for (int i = 0; i < p.dim(); i++) {
        all.set(h * p.dim() + i, own.get(i));
      }
    }
    return all;
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
      tasks.add((g, id) -> g.task(id, DeviceRows::layer, x, weight, bias, y, rows, dim, eps, sets));
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

package dev.ashlar.tornado.tuner;

import dev.ashlar.nn.decoder.NormSpec;
import dev.ashlar.tornado.graph.Tasks;
import dev.ashlar.tornado.kernel.DeviceGradients;
import dev.ashlar.tornado.kernel.DeviceRows;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * A root-mean-square norm, through which gradients pass.
 *
 * @param weight {@code [dim]}, with the family's offset
 */
record TunedNorm(int dim, float eps, FloatArray weight) {
  static TunedNorm of(Loads loads, NormSpec spec) {
    NormSpec.Rms rms = (NormSpec.Rms) spec;
    FloatArray weight =
        loads.array(
            new FloatArray(rms.dim()),
            (array, values) -> {
              float[] stored = values.tensors().get(rms.name() + ".weight").data();
              for (int i = 0; i < rms.dim(); i++) {
                array.set(i, stored[i] + rms.offset());
              }
            });
    return new TunedNorm(rms.dim(), rms.eps(), weight);
  }

  /** {@code y = norm(x)}; rows are those of {@code dim} elements. */
  void addForward(Tasks tasks, FloatArray x, FloatArray y, int rows) {
    tasks.add((g, id) -> g.task(id, DeviceRows::rms, x, weight, y, rows, dim, eps));
  }

  /**
   * {@code dx (+)= } the gradient of {@code x}; {@code dx} may be {@code dy} if nothing is added.
   */
  void addBackward(Tasks tasks, FloatArray x, FloatArray dy, FloatArray dx, int rows, boolean add) {
    int keep = add ? 1 : 0;
    tasks.add((g, id) -> g.task(id, DeviceGradients::rms, x, weight, dy, dx, rows, dim, eps, keep));
  }
}

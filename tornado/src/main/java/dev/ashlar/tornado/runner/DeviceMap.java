package dev.ashlar.tornado.runner;

import dev.ashlar.tornado.graph.Tasks;
import java.util.List;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** A linear map {@code y = x · wᵀ + bias} of rows, or of the places that experts have in them. */
interface DeviceMap {
  int out();

  int in();

  /** Everything that has to lie on the device. */
  void addArrays(List<Object> to);

  /**
   * Adds the product of the rows in use.
   *
   * @param x {@code [rows, in]}, or {@code [rows, perToken, in]}
   * @param y {@code [rows, out]}, or {@code [rows, perToken, out]}
   */
  void add(Tasks tasks, Buffers b, FloatArray x, FloatArray y);
}

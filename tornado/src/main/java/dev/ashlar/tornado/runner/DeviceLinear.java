package dev.ashlar.tornado.runner;

import dev.ashlar.tornado.kernel.DeviceMatrix;
import dev.ashlar.tornado.kernel.DevicePacked;
import dev.ashlar.tornado.kernel.DeviceProducts;
import dev.ashlar.tornado.kernel.DeviceRows;
import java.util.List;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * A linear map {@code y = x · wᵀ + bias}.
 *
 * @param packed the matrix as codes, or null
 * @param dense the matrix as floats {@code [out, in]}, or null
 * @param bias {@code [out]}, or null
 */
record DeviceLinear(int out, int in, DeviceMatrix packed, FloatArray dense, FloatArray bias) {
  /** Everything that has to lie on the device. */
  void addArrays(List<Object> to) {
    if (packed != null) {
      to.addAll(List.of(packed.words(), packed.scales(), packed.minimums()));
    } else {
      to.add(dense);
    }
    if (bias != null) {
      to.add(bias);
    }
  }

  /** Adds the product of the first {@code active} of {@code rows} rows. */
  void add(Tasks tasks, FloatArray x, FloatArray y, IntArray active, int rows) {
    if (packed == null) {
      tasks.add(
          (g, id) -> g.task(id, DeviceProducts::xwtOfActive, x, dense, y, active, rows, out, in));
    } else if (tasks.usesGroups() && packed.isAligned()) {
      int items = Tasks.ITEMS;
      tasks.addGroups(
          rows * out,
          (g, id) ->
              g.task(
                  id,
                  DevicePacked::xwtByGroups,
                  tasks.context(),
                  x,
                  packed.words(),
                  packed.scales(),
                  packed.minimums(),
                  y,
                  active,
                  out,
                  in,
                  packed.bits(),
                  packed.size(),
                  items));
    } else {
      tasks.add(
          (g, id) ->
              g.task(
                  id,
                  DevicePacked::xwt,
                  x,
                  packed.words(),
                  packed.scales(),
                  packed.minimums(),
                  y,
                  active,
                  rows,
                  out,
                  in,
                  packed.bits(),
                  packed.size(),
                  packed.wordsPerRow()));
    }
    if (bias != null) {
      tasks.add((g, id) -> g.task(id, DeviceRows::addBias, y, bias, rows, out));
    }
  }
}

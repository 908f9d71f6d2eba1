package dev.ashlar.tornado.runner;

import dev.ashlar.tornado.graph.Tasks;
import dev.ashlar.tornado.kernel.DeviceHalves;
import dev.ashlar.tornado.kernel.DeviceMatrix;
import dev.ashlar.tornado.kernel.DevicePacked;
import dev.ashlar.tornado.kernel.DeviceProducts;
import dev.ashlar.tornado.kernel.DeviceRows;
import java.util.List;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * A map that all rows take.
 *
 * @param bias {@code [out]}, or null
 */
record DeviceLinear(DeviceWeight weight, FloatArray bias) implements DeviceMap {
  @Override
  public int out() {
    return weight.out();
  }

  @Override
  public int in() {
    return weight.in();
  }

  @Override
  public void addArrays(List<Object> to) {
    weight.addArrays(to);
    if (bias != null) {
      to.add(bias);
    }
  }

  @Override
  public void add(Tasks tasks, Buffers b, FloatArray x, FloatArray y) {
    add(tasks, x, y, b.active(), b.rows());
  }

  /** Adds the product of the first {@code active} of {@code rows} rows. */
  void add(Tasks tasks, FloatArray x, FloatArray y, IntArray active, int rows) {
    int out = out();
    int in = in();
    DeviceMatrix packed = weight.packed();
    FloatArray dense = weight.dense();
    if (weight.halves() != null) {
      addHalves(tasks, x, y, active, rows);
    } else if (packed == null) {
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

  private void addHalves(Tasks tasks, FloatArray x, FloatArray y, IntArray active, int rows) {
    int out = out();
    int in = in();
    ShortArray w = weight.halves().bits();
    FloatArray powers = weight.halves().powers();
    int fraction = weight.halves().fraction();
    if (tasks.usesGroups()) {
      int items = Tasks.ITEMS;
      tasks.addGroups(
          rows * out,
          (g, id) ->
              g.task(
                  id,
                  DeviceHalves::xwtByGroups,
                  tasks.context(),
                  x,
                  w,
                  powers,
                  y,
                  active,
                  out,
                  in,
                  fraction,
                  items));
    } else {
      tasks.add(
          (g, id) ->
              g.task(id, DeviceHalves::xwt, x, w, powers, y, active, rows, out, in, fraction));
    }
  }
}

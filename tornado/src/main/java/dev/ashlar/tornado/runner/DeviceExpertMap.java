package dev.ashlar.tornado.runner;

import dev.ashlar.tornado.graph.Tasks;
import dev.ashlar.tornado.kernel.DeviceExperts;
import dev.ashlar.tornado.kernel.DeviceHalves;
import dev.ashlar.tornado.kernel.DeviceMatrix;
import java.util.List;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * The same map of all experts, of which a place in a row takes the one that was chosen for it.
 *
 * @param out outputs of one expert
 * @param weight of all experts, one behind the other
 * @param bias {@code [experts, out]}, or null
 * @param perToken places of a row
 * @param fromStream whether all places of a row read the row itself; otherwise each its own
 */
record DeviceExpertMap(
    int out, DeviceWeight weight, FloatArray bias, int perToken, boolean fromStream)
    implements DeviceMap {
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
    IntArray active = b.active();
    IntArray choice = b.useChoice();
    int in = in();
    int n = out;
    int each = perToken;
    int places = b.rows() * each;
    int share = fromStream ? each : 1;
    DeviceMatrix packed = weight.packed();
    FloatArray dense = weight.dense();
    if (weight.halves() != null) {
      addHalves(tasks, b, x, y);
    } else if (packed == null) {
      tasks.add(
          (g, id) ->
              g.task(
                  id, DeviceExperts::xwt, x, dense, y, choice, active, places, each, share, n, in));
    } else if (tasks.usesGroups() && packed.isAligned()) {
      int items = Tasks.ITEMS;
      tasks.addGroups(
          places * n,
          (g, id) ->
              g.task(
                  id,
                  DeviceExperts::packedXwtByGroups,
                  tasks.context(),
                  x,
                  packed.words(),
                  packed.scales(),
                  packed.minimums(),
                  y,
                  choice,
                  active,
                  each,
                  share,
                  n,
                  in,
                  packed.bits(),
                  packed.size(),
                  items));
    } else {
      tasks.add(
          (g, id) ->
              g.task(
                  id,
                  DeviceExperts::packedXwt,
                  x,
                  packed.words(),
                  packed.scales(),
                  packed.minimums(),
                  y,
                  choice,
                  active,
                  places,
                  each,
                  share,
                  n,
                  in,
                  packed.bits(),
                  packed.size(),
                  packed.wordsPerRow()));
    }
    if (bias != null) {
      tasks.add((g, id) -> g.task(id, DeviceExperts::addBias, y, bias, choice, places, n));
    }
  }

  private void addHalves(Tasks tasks, Buffers b, FloatArray x, FloatArray y) {
    int in = in();
    int n = out;
    int each = perToken;
    int places = b.rows() * each;
    int share = fromStream ? each : 1;
    IntArray active = b.active();
    IntArray choice = b.useChoice();
    ShortArray w = weight.halves().bits();
    FloatArray powers = weight.halves().powers();
    int fraction = weight.halves().fraction();
    if (tasks.usesGroups()) {
      int items = Tasks.ITEMS;
      tasks.addGroups(
          places * n,
          (g, id) ->
              g.task(
                  id,
                  DeviceHalves::expertXwtByGroups,
                  tasks.context(),
                  x,
                  w,
                  powers,
                  y,
                  choice,
                  active,
                  each,
                  share,
                  n,
                  in,
                  fraction,
                  items));
    } else {
      tasks.add(
          (g, id) ->
              g.task(
                  id,
                  DeviceHalves::expertXwt,
                  x,
                  w,
                  powers,
                  y,
                  choice,
                  active,
                  places,
                  each,
                  share,
                  n,
                  in,
                  fraction));
    }
  }
}

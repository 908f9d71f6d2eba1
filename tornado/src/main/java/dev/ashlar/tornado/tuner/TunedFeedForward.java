package dev.ashlar.tornado.tuner;

import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.tornado.graph.Tasks;
import dev.ashlar.tornado.kernel.DeviceGradients;
import dev.ashlar.tornado.kernel.DevicePointwise;
import java.util.function.Function;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** The feed-forward of a block, gated or plain, between its input and the residual stream. */
final class TunedFeedForward {
  private final Tasks tasks;
  private final int rows;
  private final TunedMap gate;
  private final TunedMap up;
  private final TunedMap down;
  private final int function;
  private final FloatArray gated;
  private final FloatArray raised;
  private final FloatArray inner;

  TunedFeedForward(
      Tasks tasks, FeedForwardSpec spec, Function<LinearSpec, TunedMap> maps, int rows) {
    this.tasks = tasks;
    this.rows = rows;
    switch (spec) {
      case FeedForwardSpec.Gated g -> {
        gate = maps.apply(g.gate());
        up = maps.apply(g.up());
        down = maps.apply(g.down());
        function = g.f().ordinal();
      }
      case FeedForwardSpec.Plain p -> {
        gate = null;
        up = maps.apply(p.up());
        down = maps.apply(p.down());
        function = p.f().ordinal();
      }
      default -> throw new IllegalArgumentException("no such feed-forward on a device");
    }
    int n = Math.multiplyExact(rows, up.out());
    gated = gate == null ? null : tasks.zeros(n);
    raised = tasks.zeros(n);
    inner = tasks.zeros(n);
  }

  private int elements() {
    return rows * up.out();
  }

  /** {@code y = feedForward(x)}. */
  void addForward(FloatArray x, FloatArray y) {
    int n = elements();
    up.addForward(tasks, x, raised, rows);
    if (gate == null) {
      tasks.add((g, id) -> g.task(id, DevicePointwise::activate, raised, inner, n, function));
    } else {
      gate.addForward(tasks, x, gated, rows);
      tasks.add((g, id) -> g.task(id, DevicePointwise::gated, gated, raised, inner, n, function));
    }
    down.addForward(tasks, inner, y, rows);
  }

  /**
   * The gradients of the maps, from that of {@code y}.
   *
   * @param dx receives the gradient of {@code x}
   */
  void addBackward(FloatArray x, FloatArray dy, FloatArray dx, IntArray mode) {
    int n = elements();
    down.addWeightGradient(tasks, dy, inner, mode, rows);
    FloatArray d = tasks.zeros(n);
    down.addInputGradient(tasks, dy, d, rows, false);
    if (gate == null) {
      tasks.add((g, id) -> g.task(id, DeviceGradients::activate, raised, d, d, n, function));
      up.addWeightGradient(tasks, d, x, mode, rows);
      up.addInputGradient(tasks, d, dx, rows, false);
      return;
    }
    // What the gate put out has been used: its place takes the gradient of the other factor.
    tasks.add(
        (g, id) -> g.task(id, DeviceGradients::gated, gated, raised, d, d, inner, n, function));
    gate.addWeightGradient(tasks, d, x, mode, rows);
    up.addWeightGradient(tasks, inner, x, mode, rows);
    gate.addInputGradient(tasks, d, dx, rows, false);
    up.addInputGradient(tasks, inner, dx, rows, true);
  }
}

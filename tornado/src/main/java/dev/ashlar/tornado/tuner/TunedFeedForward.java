package dev.ashlar.tornado.tuner;

import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.tornado.kernel.DeviceGradients;
import dev.ashlar.tornado.kernel.DevicePointwise;
import java.util.function.Function;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** The feed-forward of a block, gated or plain, between its input and the residual stream. */
final class TunedFeedForward {
  private final Steps steps;
  private final int rows;
  private final TunedMap gate;
  private final TunedMap up;
  private final TunedMap down;
  private final int function;
  private final FloatArray gated;
  private final FloatArray raised;
  private final FloatArray inner;

  TunedFeedForward(
      Steps steps, FeedForwardSpec spec, Function<LinearSpec, TunedMap> maps, int rows) {
    this.steps = steps;
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
    gated = gate == null ? null : steps.zeros(n);
    raised = steps.zeros(n);
    inner = steps.zeros(n);
  }

  private int elements() {
    return rows * up.out();
  }

  /** {@code y = feedForward(x)}. */
  void addForward(FloatArray x, FloatArray y) {
    int n = elements();
    up.addForward(steps, x, raised, rows);
    if (gate == null) {
      steps.add((g, id) -> g.task(id, DevicePointwise::activate, raised, inner, n, function));
    } else {
      gate.addForward(steps, x, gated, rows);
      steps.add((g, id) -> g.task(id, DevicePointwise::gated, gated, raised, inner, n, function));
    }
    down.addForward(steps, inner, y, rows);
  }

  /**
   * The gradients of the maps, from that of {@code y}.
   *
   * @param dx receives the gradient of {@code x}
   */
  void addBackward(FloatArray x, FloatArray dy, FloatArray dx, IntArray mode) {
    int n = elements();
    down.addWeightGradient(steps, dy, inner, mode, rows);
    FloatArray d = steps.zeros(n);
    down.addInputGradient(steps, dy, d, rows, false);
    if (gate == null) {
      steps.add((g, id) -> g.task(id, DeviceGradients::activate, raised, d, d, n, function));
      up.addWeightGradient(steps, d, x, mode, rows);
      up.addInputGradient(steps, d, dx, rows, false);
      return;
    }
    // What the gate put out has been used: its place takes the gradient of the other factor.
    steps.add(
        (g, id) -> g.task(id, DeviceGradients::gated, gated, raised, d, d, inner, n, function));
    gate.addWeightGradient(steps, d, x, mode, rows);
    up.addWeightGradient(steps, inner, x, mode, rows);
    gate.addInputGradient(steps, d, dx, rows, false);
    up.addInputGradient(steps, inner, dx, rows, true);
  }
}

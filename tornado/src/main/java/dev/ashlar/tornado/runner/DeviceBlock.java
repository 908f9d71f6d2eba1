package dev.ashlar.tornado.runner;

import dev.ashlar.nn.decoder.BlockSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.ResidualSpec;
import dev.ashlar.nn.decoder.RotarySpec;
import dev.ashlar.tornado.graph.Tasks;
import dev.ashlar.tornado.kernel.DeviceRows;
import java.util.List;
import java.util.function.Function;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** One block: its weights, its keys and values, and the tasks that run it. */
final class DeviceBlock {
  private final DeviceAttending attention;
  private final DeviceMlp feedForward;
  private final DeviceMixture experts;
  private final Order order;

  /**
   * How halves, norms and the stream are put together; norms that there are not are null.
   *
   * @param spec the kind
   * @param before each half
   * @param after each half
   */
  private record Order(ResidualSpec spec, DeviceNorm[] before, DeviceNorm[] after) {
    static Order of(ResidualSpec spec, BlockTensors t) {
      DeviceNorm[] none = new DeviceNorm[2];
      return switch (spec) {
        case ResidualSpec.Sequential s ->
            new Order(
                spec,
                both(t.norm(s.beforeAttention()), t.norm(s.beforeFeedForward())),
                both(t.norm(s.afterAttention()), t.norm(s.afterFeedForward())));
        case ResidualSpec.AfterSum a ->
            new Order(spec, none, both(t.norm(a.attention()), t.norm(a.feedForward())));
        case ResidualSpec.FromNormed n ->
            new Order(spec, both(t.norm(n.attention()), t.norm(n.feedForward())), none);
        case ResidualSpec.Parallel p ->
            new Order(spec, both(t.norm(p.attention()), t.norm(p.feedForward())), none);
      };
    }

    private static DeviceNorm[] both(DeviceNorm attention, DeviceNorm feedForward) {
      return new DeviceNorm[] {attention, feedForward};
    }

    void addArrays(List<Object> to) {
      for (DeviceNorm[] norms : List.of(before, after)) {
        for (DeviceNorm n : norms) {
          if (n != null) {
            n.addArrays(to);
          }
        }
      }
    }
  }

  /**
   * A block.
   *
   * @param angles of rotary positions
   * @param slots tokens that there is room for
   */
  DeviceBlock(BlockSpec spec, BlockTensors t, Function<RotarySpec, Angles> angles, int slots) {
    attention = new DeviceAttending(spec.attention(), t, angles, slots);
    experts =
        spec.feedForward() instanceof FeedForwardSpec.Experts e ? DeviceMixture.of(e, t) : null;
    feedForward = experts == null ? DeviceMlp.of(spec.feedForward(), t) : null;
    order = Order.of(spec.residual(), t);
  }

  /** Elements of a row that the block's tasks need room for. */
  static void widen(BlockSpec spec, int dim, Widths w) {
    w.atLeast(Scratch.NORMED, dim);
    w.atLeast(Scratch.PART, dim);
    DeviceAttending.widen(spec.attention(), w);
    if (spec.feedForward() instanceof FeedForwardSpec.Experts e) {
      DeviceMixture.widen(e, dim, w);
    } else {
      DeviceMlp.widen(spec.feedForward(), 1, w);
    }
  }

  /** Bytes of the keys and values of a token. */
  long tokenBytes() {
    return attention.tokenBytes();
  }

  /** Everything that stays on the device; angles are other blocks' too. */
  void addArrays(List<Object> to) {
    order.addArrays(to);
    attention.addArrays(to);
    if (experts == null) {
      feedForward.addArrays(to);
    } else {
      experts.addArrays(to);
    }
  }

  /** What is brought for each batch, likewise. */
  void addChanging(List<Object> to) {
    attention.addChanging(to);
  }

  /** Adds copies of pages of keys and values. */
  void addCopies(Tasks tasks, IntArray copies, int most) {
    attention.addCopies(tasks, copies, most);
  }

  /** Adds the tasks: {@code b.x()} becomes the stream behind the block. */
  void add(Tasks tasks, Buffers b) {
    FloatArray x = b.x();
    FloatArray part = b.use(Scratch.PART);
    int rows = b.rows();
    switch (order.spec()) {
      case ResidualSpec.Sequential s -> {
        for (int half = 0; half < 2; half++) {
          half(tasks, b, half, normed(tasks, b, half, x));
          if (order.after()[half] != null) {
            order.after()[half].add(tasks, part, part, rows);
          }
          add(tasks, b, s.multiplier());
        }
      }
      case ResidualSpec.AfterSum a -> {
        for (int half = 0; half < 2; half++) {
          half(tasks, b, half, x);
          add(tasks, b, 1);
          order.after()[half].add(tasks, x, x, rows);
        }
      }
      case ResidualSpec.FromNormed n -> {
        for (int half = 0; half < 2; half++) {
          order.before()[half].add(tasks, x, x, rows);
          half(tasks, b, half, x);
          add(tasks, b, 1);
        }
      }
      case ResidualSpec.Parallel p -> {
        FloatArray normed = normed(tasks, b, 0, x);
        half(tasks, b, 0, normed);
        // The other half reads the stream as it was, so that this comes before the sum.
        if (order.before()[1] != null) {
          normed(tasks, b, 1, x);
        }
        add(tasks, b, 1);
        half(tasks, b, 1, normed);
        add(tasks, b, 1);
      }
    }
  }

  /** Attention (0) or feed-forward (1) of {@code x}, into the part. */
  private void half(Tasks tasks, Buffers b, int which, FloatArray x) {
    FloatArray part = b.use(Scratch.PART);
    if (which == 0) {
      attention.add(tasks, b, x, part);
    } else if (experts == null) {
      feedForward.add(tasks, b, x, part);
    } else {
      experts.add(tasks, b, x, part);
    }
  }

  private FloatArray normed(Tasks tasks, Buffers b, int half, FloatArray x) {
    if (order.before()[half] == null) {
      return x;
    }
    FloatArray normed = b.use(Scratch.NORMED);
    order.before()[half].add(tasks, x, normed, b.rows());
    return normed;
  }

  private static void add(Tasks tasks, Buffers b, float multiplier) {
    FloatArray part = b.use(Scratch.PART);
    int n = b.rows() * b.dim();
    tasks.add((g, id) -> g.task(id, DeviceRows::add, b.x(), part, b.x(), n, multiplier));
  }
}

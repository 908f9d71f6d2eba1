package dev.ashlar.tornado.runner;

import dev.ashlar.nn.decoder.AttentionSpec;
import dev.ashlar.nn.decoder.AttentionSpec.ProjectionSpec.Separate;
import dev.ashlar.nn.decoder.BlockSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.PositionSpec;
import dev.ashlar.nn.decoder.ResidualSpec;
import dev.ashlar.nn.decoder.RotarySpec;
import dev.ashlar.tensor.autograd.op.Rotate;
import dev.ashlar.tornado.kernel.DeviceAttention;
import dev.ashlar.tornado.kernel.DevicePointwise;
import dev.ashlar.tornado.kernel.DeviceRows;
import java.util.List;
import java.util.Map;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** One block: its weights, its keys and values, and the tasks that run it. */
final class DeviceBlock {
  /** Cosines and sines, which blocks with equal specifications share. */
  record Angles(FloatArray cos, FloatArray sin, int dim, int interleaved) {
    static Angles of(RotarySpec spec, int positions) {
      Rotate.Tables t = spec.tables(positions);
      return new Angles(
          FloatArray.fromArray(t.cos()),
          FloatArray.fromArray(t.sin()),
          spec.dim(),
          spec.interleaved() ? 1 : 0);
    }
  }

  private final AttentionSpec attention;
  private final ResidualSpec.Sequential order;
  private final DeviceNorm beforeAttention;
  private final DeviceNorm afterAttention;
  private final DeviceNorm beforeFeedForward;
  private final DeviceNorm afterFeedForward;
  private final DeviceNorm queryNorm;
  private final DeviceNorm keyNorm;
  private final DeviceLinear query;
  private final DeviceLinear key;
  private final DeviceLinear value;
  private final DeviceLinear output;
  private final DeviceLinear gate;
  private final DeviceLinear up;
  private final DeviceLinear down;
  private final int function;
  private final Angles angles;
  private final FloatArray keys;
  private final FloatArray values;

  DeviceBlock(BlockSpec spec, Tensors t, Map<RotarySpec, Angles> all, int positions, int slots) {
    String parent = spec.name() + ".";
    attention = spec.attention();
    order = (ResidualSpec.Sequential) spec.residual();
    beforeAttention = order.beforeAttention().map(n -> DeviceNorm.of(parent, n, t)).orElse(null);
    afterAttention = order.afterAttention().map(n -> DeviceNorm.of(parent, n, t)).orElse(null);
    beforeFeedForward =
        order.beforeFeedForward().map(n -> DeviceNorm.of(parent, n, t)).orElse(null);
    afterFeedForward = order.afterFeedForward().map(n -> DeviceNorm.of(parent, n, t)).orElse(null);
    queryNorm = attention.headNorms().map(n -> DeviceNorm.of(parent, n.query(), t)).orElse(null);
    keyNorm = attention.headNorms().map(n -> DeviceNorm.of(parent, n.key(), t)).orElse(null);
    Separate maps = (Separate) attention.projection();
    query = t.linear(parent, maps.query());
    key = t.linear(parent, maps.key());
    value = t.linear(parent, maps.value());
    output = t.linear(parent, attention.output());
    switch (spec.feedForward()) {
      case FeedForwardSpec.Gated g -> {
        gate = t.linear(parent, g.gate());
        up = t.linear(parent, g.up());
        down = t.linear(parent, g.down());
        function = g.f().ordinal();
      }
      case FeedForwardSpec.Plain p -> {
        gate = null;
        up = t.linear(parent, p.up());
        down = t.linear(parent, p.down());
        function = p.f().ordinal();
      }
      default -> throw new IllegalArgumentException("no such feed-forward on a device");
    }
    angles =
        attention.position() instanceof PositionSpec.Rotary r
            ? all.computeIfAbsent(r.rotary(), s -> Angles.of(s, positions))
            : null;
    int size = Math.multiplyExact(slots, attention.kvHeads() * attention.headDim());
    keys = t.constant(size, 0);
    values = t.constant(size, 0);
  }

  boolean hasNormBefore() {
    return beforeAttention != null || beforeFeedForward != null;
  }

  boolean hasGate() {
    return gate != null;
  }

  /** Elements of a token's keys, and as many of its values. */
  int keyDim() {
    return attention.kvHeads() * attention.headDim();
  }

  FloatArray keys() {
    return keys;
  }

  FloatArray values() {
    return values;
  }

  /** Everything that stays on the device; angles may come several times. */
  void addArrays(List<Object> to) {
    for (DeviceNorm n :
        new DeviceNorm[] {
          beforeAttention, afterAttention, beforeFeedForward, afterFeedForward, queryNorm, keyNorm
        }) {
      if (n != null) {
        n.addArrays(to);
      }
    }
    for (DeviceLinear l : new DeviceLinear[] {query, key, value, output, gate, up, down}) {
      if (l != null) {
        l.addArrays(to);
      }
    }
    if (angles != null) {
      to.addAll(List.of(angles.cos(), angles.sin()));
    }
    to.addAll(List.of(keys, values));
  }

  /** Widths of the buffers that the tasks need, as far as this block knows. */
  void widen(Buffers.Widths w) {
    w.queries(attention.heads() * attention.headDim());
    w.keys(keyDim());
    w.inner(up.out());
  }

  /** Adds the tasks: {@code b.x()} becomes the stream behind the block. */
  void add(Tasks tasks, Buffers b) {
    int rows = b.rows();
    int dim = b.dim();
    float multiplier = order.multiplier();
    FloatArray x = normed(tasks, beforeAttention, b);
    attend(tasks, b, x);
    output.add(tasks, b.attended(), b.part(), b.active(), rows);
    if (afterAttention != null) {
      afterAttention.add(tasks, b.part(), b.part(), rows);
    }
    add(tasks, b, rows * dim, multiplier);
    feed(tasks, b, normed(tasks, beforeFeedForward, b));
    if (afterFeedForward != null) {
      afterFeedForward.add(tasks, b.part(), b.part(), rows);
    }
    add(tasks, b, rows * dim, multiplier);
  }

  private static FloatArray normed(Tasks tasks, DeviceNorm norm, Buffers b) {
    if (norm == null) {
      return b.x();
    }
    norm.add(tasks, b.x(), b.normed(), b.rows());
    return b.normed();
  }

  private static void add(Tasks tasks, Buffers b, int n, float multiplier) {
    tasks.add((g, id) -> g.task(id, DeviceRows::add, b.x(), b.part(), b.x(), n, multiplier));
  }

  private void attend(Tasks tasks, Buffers b, FloatArray x) {
    int rows = b.rows();
    int heads = attention.heads();
    int kvHeads = attention.kvHeads();
    int headDim = attention.headDim();
    query.add(tasks, x, b.queries(), b.active(), rows);
    key.add(tasks, x, b.keys(), b.active(), rows);
    value.add(tasks, x, b.values(), b.active(), rows);
    boolean late = attention.headNorms().map(n -> n.afterRotation()).orElse(false);
    if (!late) {
      normHeads(tasks, b, rows);
    }
    if (angles != null) {
      turn(tasks, b, b.queries(), heads);
      turn(tasks, b, b.keys(), kvHeads);
    }
    if (late) {
      normHeads(tasks, b, rows);
    }
    int page = DevicePages.TOKENS;
    int pages = b.pages();
    int width = keyDim();
    tasks.add(
        (g, id) ->
            g.task(
                id,
                DeviceAttention::store,
                b.keys(),
                b.places(),
                b.table(),
                keys,
                rows,
                width,
                page,
                pages));
    tasks.add(
        (g, id) ->
            g.task(
                id,
                DeviceAttention::store,
                b.values(),
                b.places(),
                b.table(),
                values,
                rows,
                width,
                page,
                pages));
    float scale = attention.scale();
    int window = attention.window();
    float cap = attention.softcap();
    if (tasks.usesGroups()) {
      int items = Tasks.ITEMS;
      tasks.addGroups(
          rows * heads,
          (g, id) ->
              g.task(
                  id,
                  DeviceAttention::attendByGroups,
                  tasks.context(),
                  b.queries(),
                  keys,
                  values,
                  b.places(),
                  b.table(),
                  b.attended(),
                  heads,
                  kvHeads,
                  headDim,
                  scale,
                  window,
                  cap,
                  page,
                  pages,
                  items));
    } else {
      tasks.add(
          (g, id) ->
              g.task(
                  id,
                  DeviceAttention::attend,
                  b.queries(),
                  keys,
                  values,
                  b.places(),
                  b.table(),
                  b.attended(),
                  rows,
                  heads,
                  kvHeads,
                  headDim,
                  scale,
                  window,
                  cap,
                  page,
                  pages));
    }
  }

  private void normHeads(Tasks tasks, Buffers b, int rows) {
    if (queryNorm != null) {
      // A norm of a whole row or of each of its heads: what its width says.
      queryNorm.add(tasks, b.queries(), b.queries(), rows * (query.out() / queryNorm.dim()));
      keyNorm.add(tasks, b.keys(), b.keys(), rows * (key.out() / keyNorm.dim()));
    }
  }

  private void turn(Tasks tasks, Buffers b, FloatArray x, int heads) {
    int rows = b.rows();
    int headDim = attention.headDim();
    tasks.add(
        (g, id) ->
            g.task(
                id,
                DevicePointwise::rotary,
                x,
                b.places(),
                angles.cos(),
                angles.sin(),
                rows,
                heads,
                headDim,
                angles.dim(),
                angles.interleaved()));
  }

  private void feed(Tasks tasks, Buffers b, FloatArray x) {
    int rows = b.rows();
    int n = rows * up.out();
    up.add(tasks, x, b.inner(), b.active(), rows);
    if (gate == null) {
      tasks.add(
          (g, id) -> g.task(id, DevicePointwise::activate, b.inner(), b.inner(), n, function));
    } else {
      gate.add(tasks, x, b.gate(), b.active(), rows);
      tasks.add(
          (g, id) ->
              g.task(id, DevicePointwise::gated, b.gate(), b.inner(), b.inner(), n, function));
    }
    down.add(tasks, b.inner(), b.part(), b.active(), rows);
  }
}

package dev.ashlar.tornado.runner;

import dev.ashlar.nn.decoder.AttentionSpec;
import dev.ashlar.nn.decoder.AttentionSpec.ProjectionSpec;
import dev.ashlar.tornado.graph.Tasks;
import dev.ashlar.tornado.kernel.DeviceRows;
import java.util.List;
import java.util.function.IntUnaryOperator;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Queries, keys and values out of the stream. Where one map of the checkpoint gives several of
 * them, its outputs are sorted when it is put onto the device, so that nothing has to be moved
 * later.
 */
sealed interface DeviceProjection {
  void addArrays(List<Object> to);

  /** Adds the tasks: queries, keys and values become those of {@code x}. */
  void add(Tasks tasks, Buffers b, FloatArray x);

  static DeviceProjection of(AttentionSpec a, BlockTensors t) {
    return switch (a.projection()) {
      case ProjectionSpec.Separate s ->
          new Plain(t.linear(s.query()), t.linear(s.key()), t.linear(s.value()));
      case ProjectionSpec.Fused f -> {
        int n = a.heads();
        int few = a.kvHeads();
        int dim = a.headDim();
        yield new Plain(
            t.linear(f.map(), rows(dim, h -> f.order().query(h, n, few)), n * dim),
            t.linear(f.map(), rows(dim, h -> f.order().key(h, n, few)), few * dim),
            t.linear(f.map(), rows(dim, h -> f.order().value(h, n, few)), few * dim));
      }
      case ProjectionSpec.Latent l -> Latent.of(a, l, t);
    };
  }

  private static IntUnaryOperator rows(int headDim, IntUnaryOperator head) {
    return o -> head.applyAsInt(o / headDim) * headDim + o % headDim;
  }

  static void widen(AttentionSpec a, Widths w) {
    w.atLeast(Scratch.QUERIES, a.heads() * a.headDim());
    w.atLeast(Scratch.KEYS, a.kvHeads() * a.headDim());
    w.atLeast(Scratch.VALUES, a.kvHeads() * a.valueDim());
    w.atLeast(Scratch.ATTENDED, a.heads() * a.valueDim());
    if (a.projection() instanceof ProjectionSpec.Latent l) {
      w.atLeast(Scratch.LATENT, l.norm().dim());
      l.queryDown().ifPresent(q -> w.atLeast(Scratch.LATENT, q.out()));
      w.atLeast(Scratch.PLAIN, a.heads() * (a.headDim() - l.rotary()));
      w.atLeast(Scratch.TURNING, l.rotary());
    }
  }

  /** A map each. */
  record Plain(DeviceLinear query, DeviceLinear key, DeviceLinear value)
      implements DeviceProjection {
    @Override
    public void addArrays(List<Object> to) {
      query.addArrays(to);
      key.addArrays(to);
      value.addArrays(to);
    }

    @Override
    public void add(Tasks tasks, Buffers b, FloatArray x) {
      query.add(tasks, b, x, b.use(Scratch.QUERIES));
      key.add(tasks, b, x, b.use(Scratch.KEYS));
      value.add(tasks, b, x, b.use(Scratch.VALUES));
    }
  }

  /**
   * Out of latents (DeepSeek-V2, arXiv 2405.04434). The turning part of each head comes first.
   *
   * @param queryDown to the latent of queries, or null
   * @param queryNorm of that latent, or null
   * @param latent to the latent of keys and values
   * @param turning to the part of keys that turns, one for all heads
   * @param plain from the latent to the part of keys that does not
   */
  record Latent(
      DeviceLinear queryDown,
      DeviceNorm queryNorm,
      DeviceLinear query,
      DeviceLinear latent,
      DeviceLinear turning,
      DeviceNorm norm,
      DeviceLinear plain,
      DeviceLinear value,
      int heads)
      implements DeviceProjection {
    static Latent of(AttentionSpec a, ProjectionSpec.Latent l, BlockTensors t) {
      int turns = l.rotary();
      int plain = a.headDim() - turns;
      int dim = a.headDim();
      int values = a.valueDim();
      int narrow = l.norm().dim();
      return new Latent(
          l.queryDown().map(t::linear).orElse(null),
          t.norm(l.queryNorm()),
          t.linear(
              l.query(),
              o -> o / dim * dim + (o % dim < turns ? plain + o % dim : o % dim - turns),
              a.heads() * dim),
          t.linear(l.down(), IntUnaryOperator.identity(), narrow),
          t.linear(l.down(), o -> narrow + o, turns),
          t.norm(l.norm()),
          t.linear(l.up(), o -> o / plain * (plain + values) + o % plain, a.heads() * plain),
          t.linear(
              l.up(), o -> o / values * (plain + values) + plain + o % values, a.heads() * values),
          a.heads());
    }

    @Override
    public void addArrays(List<Object> to) {
      if (queryDown != null) {
        queryDown.addArrays(to);
      }
      if (queryNorm != null) {
        queryNorm.addArrays(to);
      }
      for (DeviceLinear map : List.of(query, latent, turning, plain, value)) {
        map.addArrays(to);
      }
      norm.addArrays(to);
    }

    @Override
    public void add(Tasks tasks, Buffers b, FloatArray x) {
      int rows = b.rows();
      FloatArray narrow = b.use(Scratch.LATENT);
      FloatArray from = x;
      if (queryDown != null) {
        queryDown.add(tasks, b, x, narrow);
        from = narrow;
      }
      if (queryNorm != null) {
        queryNorm.add(tasks, from, narrow, rows);
        from = narrow;
      }
      query.add(tasks, b, from, b.use(Scratch.QUERIES));
      latent.add(tasks, b, x, narrow);
      norm.add(tasks, narrow, narrow, rows);
      FloatArray still = b.use(Scratch.PLAIN);
      FloatArray turned = b.use(Scratch.TURNING);
      FloatArray keys = b.use(Scratch.KEYS);
      plain.add(tasks, b, narrow, still);
      value.add(tasks, b, narrow, b.use(Scratch.VALUES));
      turning.add(tasks, b, x, turned);
      int n = heads;
      int first = turning.out();
      int second = plain.out() / heads;
      tasks.add(
          (g, id) ->
              g.task(id, DeviceRows::joinHeads, turned, still, keys, rows, n, first, second));
    }
  }
}

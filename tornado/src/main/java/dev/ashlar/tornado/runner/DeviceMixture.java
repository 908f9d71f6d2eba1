package dev.ashlar.tornado.runner;

import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec.RouterSpec;
import dev.ashlar.nn.op.Route;
import dev.ashlar.tornado.graph.Tasks;
import dev.ashlar.tornado.kernel.DeviceExperts;
import dev.ashlar.tornado.kernel.DeviceRouting;
import dev.ashlar.tornado.kernel.DeviceRows;
import java.util.List;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * A mixture of experts. The router's choice stays on the device, where the experts' products read
 * it: no expert is computed that nobody chose.
 *
 * @param router to a logit for each expert
 * @param correction {@code [experts]}, or null for a router by {@code SparseMix}
 * @param shared an expert for all rows, or null
 * @param sharedGate what weighs it, or null
 */
record DeviceMixture(
    RouterSpec spec,
    DeviceLinear router,
    FloatArray correction,
    DeviceMlp experts,
    DeviceMlp shared,
    DeviceLinear sharedGate) {
  static DeviceMixture of(FeedForwardSpec.Experts spec, BlockTensors t) {
    int count = spec.experts().size();
    FloatArray correction =
        spec.router() instanceof RouterSpec.Scores s
            ? s.correction()
                .map(c -> t.vector(c, count))
                .orElseGet(() -> Tensors.constant(count, 0))
            : null;
    return new DeviceMixture(
        spec.router(),
        t.gate(spec.router().gate()),
        correction,
        DeviceMlp.ofExperts(spec.experts(), perToken(spec.router()), t),
        spec.shared().map(s -> DeviceMlp.of(s, t)).orElse(null),
        spec.sharedGate().map(t::gate).orElse(null));
  }

  private static int perToken(RouterSpec router) {
    return switch (router) {
      case RouterSpec.Scores s -> s.perToken();
      case RouterSpec.SparseMixer m -> 2;
    };
  }

  private static int groups(RouterSpec router) {
    return router instanceof RouterSpec.Scores s ? s.groups() : 1;
  }

  static void widen(FeedForwardSpec.Experts spec, int dim, Widths w) {
    int count = spec.experts().size();
    int each = perToken(spec.router());
    w.experts(each);
    w.atLeast(Scratch.LOGITS, count);
    w.atLeast(Scratch.WEIGHTS, each);
    if (spec.router() instanceof RouterSpec.Scores) {
      w.atLeast(Scratch.RANKS, DeviceRouting.scratch(count, groups(spec.router())));
    }
    w.atLeast(Scratch.OUTPUTS, each * dim);
    DeviceMlp.widen(spec.experts().getFirst(), each, w);
    spec.shared()
        .ifPresent(
            s -> {
              DeviceMlp.widen(s, 1, w);
              w.atLeast(Scratch.SHARED, dim);
            });
    if (spec.sharedGate().isPresent()) {
      w.atLeast(Scratch.SHARED_GATE, 1);
    }
  }

  void addArrays(List<Object> to) {
    router.addArrays(to);
    if (correction != null) {
      to.add(correction);
    }
    experts.addArrays(to);
    if (shared != null) {
      shared.addArrays(to);
    }
    if (sharedGate != null) {
      sharedGate.addArrays(to);
    }
  }

  /** Adds the tasks: {@code y} becomes what is put out for {@code x}. */
  void add(Tasks tasks, Buffers b, FloatArray x, FloatArray y) {
    int rows = b.rows();
    int dim = b.dim();
    int each = experts.places();
    FloatArray weights = b.use(Scratch.WEIGHTS);
    FloatArray outputs = b.use(Scratch.OUTPUTS);
    route(tasks, b, x, weights);
    experts.add(tasks, b, x, outputs);
    tasks.add((g, id) -> g.task(id, DeviceExperts::combine, outputs, weights, y, rows, dim, each));
    if (shared == null) {
      return;
    }
    FloatArray of = b.use(Scratch.SHARED);
    shared.add(tasks, b, x, of);
    if (sharedGate == null) {
      tasks.add((g, id) -> g.task(id, DeviceRows::add, y, of, y, rows * dim, 1f));
    } else {
      FloatArray gate = b.use(Scratch.SHARED_GATE);
      sharedGate.add(tasks, b, x, gate);
      tasks.add((g, id) -> g.task(id, DeviceExperts::addGated, of, gate, y, rows, dim));
    }
  }

  private void route(Tasks tasks, Buffers b, FloatArray x, FloatArray weights) {
    int rows = b.rows();
    int count = router.out();
    FloatArray logits = b.use(Scratch.LOGITS);
    IntArray choice = b.useChoice();
    IntArray active = b.active();
    router.add(tasks, b, x, logits);
    switch (spec) {
      case RouterSpec.SparseMixer m -> {
        float tolerance = (float) (2 * m.jitter());
        tasks.add(
            (g, id) ->
                g.task(
                    id,
                    DeviceRouting::sparseMix,
                    logits,
                    active,
                    choice,
                    weights,
                    rows,
                    count,
                    tolerance));
      }
      case RouterSpec.Scores s -> {
        FloatArray ranks = b.use(Scratch.RANKS);
        int sigmoid = s.score() == Route.Score.SIGMOID ? 1 : 0;
        int normalize = s.normalize() ? 1 : 0;
        int byTwo = s.groupByTwo() ? 1 : 0;
        tasks.add(
            (g, id) ->
                g.task(
                    id,
                    DeviceRouting::largest,
                    logits,
                    correction,
                    ranks,
                    active,
                    choice,
                    weights,
                    rows,
                    count,
                    s.perToken(),
                    sigmoid,
                    normalize,
                    s.scale(),
                    s.groups(),
                    s.topGroups(),
                    byTwo));
      }
    }
  }
}

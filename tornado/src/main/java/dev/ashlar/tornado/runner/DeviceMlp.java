package dev.ashlar.tornado.runner;

import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.tornado.graph.Tasks;
import dev.ashlar.tornado.kernel.DevicePointwise;
import java.util.List;
import java.util.function.IntUnaryOperator;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * A feed-forward without a choice: of all rows, or of the places that experts have in them.
 *
 * @param gate or null for a plain one
 * @param places of a row: 1, or its experts
 * @param curve what is done between the maps
 */
record DeviceMlp(DeviceMap gate, DeviceMap up, DeviceMap down, int places, Curve curve) {
  /**
   * The function between the maps.
   *
   * @param function the ordinal of {@code ActivationKernel.Function}, where nothing is clamped
   * @param alpha of the clamped gate
   * @param limit of the clamped gate, or 0 for another
   */
  record Curve(int function, float alpha, float limit) {}

  /** Makes a map of some outputs of maps at some places in the specification. */
  private interface Maker {
    DeviceMap make(int from, int to, IntUnaryOperator rows, int out, boolean fromStream);

    default DeviceMap make(int at, IntUnaryOperator rows, int out) {
      return make(at, at + 1, rows, out, true);
    }
  }

  static DeviceMlp of(FeedForwardSpec spec, BlockTensors t) {
    List<LinearSpec> maps = spec.linears();
    return of(
        spec, 1, (from, to, rows, out, fromStream) -> t.linear(maps.subList(from, to), rows, out));
  }

  /**
   * All experts of a mixture at once, which are specified alike.
   *
   * @param perToken experts of a row
   */
  static DeviceMlp ofExperts(List<FeedForwardSpec> experts, int perToken, BlockTensors t) {
    return of(
        experts.getFirst(),
        perToken,
        (from, to, rows, out, fromStream) ->
            t.experts(
                experts.stream().map(e -> e.linears().subList(from, to)).toList(),
                rows,
                out,
                perToken,
                fromStream));
  }

  private static DeviceMlp of(FeedForwardSpec spec, int places, Maker maker) {
    IntUnaryOperator all = IntUnaryOperator.identity();
    int inner = inner(spec);
    int last = spec.linears().size() - 1;
    DeviceMap down = maker.make(last, last + 1, all, spec.linears().get(last).out(), false);
    return switch (spec) {
      case FeedForwardSpec.Gated g ->
          new DeviceMlp(
              maker.make(0, all, inner),
              maker.make(1, all, inner),
              down,
              places,
              new Curve(g.f().ordinal(), 0, 0));
      case FeedForwardSpec.FusedGated g ->
          new DeviceMlp(
              maker.make(0, all, inner),
              maker.make(0, o -> inner + o, inner),
              down,
              places,
              new Curve(g.f().ordinal(), 0, 0));
      case FeedForwardSpec.Clamped c ->
          new DeviceMlp(
              maker.make(0, last, o -> 2 * o, inner, true),
              maker.make(0, last, o -> 2 * o + 1, inner, true),
              down,
              places,
              new Curve(0, c.alpha(), c.limit()));
      case FeedForwardSpec.Plain p ->
          new DeviceMlp(
              null, maker.make(0, all, inner), down, places, new Curve(p.f().ordinal(), 0, 0));
      case FeedForwardSpec.Experts e -> throw new IllegalArgumentException("experts of experts");
    };
  }

  /** Elements of a row between the maps. */
  private static int inner(FeedForwardSpec spec) {
    return spec.linears().getLast().in();
  }

  static void widen(FeedForwardSpec spec, int places, Widths w) {
    w.atLeast(Scratch.INNER, places * inner(spec));
    if (!(spec instanceof FeedForwardSpec.Plain)) {
      w.atLeast(Scratch.GATE, places * inner(spec));
    }
  }

  void addArrays(List<Object> to) {
    if (gate != null) {
      gate.addArrays(to);
    }
    up.addArrays(to);
    down.addArrays(to);
  }

  /** Adds the tasks: {@code y} becomes what is put out for {@code x}. */
  void add(Tasks tasks, Buffers b, FloatArray x, FloatArray y) {
    FloatArray inner = b.use(Scratch.INNER);
    int n = b.rows() * places * up.out();
    int function = curve.function();
    up.add(tasks, b, x, inner);
    if (gate == null) {
      tasks.add((g, id) -> g.task(id, DevicePointwise::activate, inner, inner, n, function));
    } else {
      FloatArray gated = b.use(Scratch.GATE);
      gate.add(tasks, b, x, gated);
      float alpha = curve.alpha();
      float limit = curve.limit();
      if (limit > 0) {
        tasks.add(
            (g, id) ->
                g.task(id, DevicePointwise::clampedGate, gated, inner, inner, n, alpha, limit));
      } else {
        tasks.add((g, id) -> g.task(id, DevicePointwise::gated, gated, inner, inner, n, function));
      }
    }
    down.add(tasks, b, inner, y);
  }
}

package dev.ashlar.tornado.tuner;

import dev.ashlar.nn.decoder.AttentionSpec;
import dev.ashlar.nn.decoder.AttentionSpec.HeadNormSpec;
import dev.ashlar.nn.decoder.AttentionSpec.ProjectionSpec.Separate;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.nn.decoder.PositionSpec;
import dev.ashlar.tensor.autograd.op.Rotate;
import dev.ashlar.tornado.graph.Tasks;
import dev.ashlar.tornado.kernel.DevicePointwise;
import dev.ashlar.tornado.kernel.DeviceWholeAttention;
import java.util.function.Function;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** The attention of a block between its input and the residual stream. */
final class TunedAttention {
  /**
   * How queries and keys turn.
   *
   * @param back the sines of the other direction
   * @param places (0, position) of each row
   */
  private record Turn(
      FloatArray cos, FloatArray sin, FloatArray back, IntArray places, int dim, int interleaved) {}

  private final Tasks tasks;
  private final AttentionSpec spec;
  private final int rows;
  private final int length;
  private final TunedMap query;
  private final TunedMap key;
  private final TunedMap value;
  private final TunedMap output;
  private final TunedNorm queryNorm;
  private final TunedNorm keyNorm;
  private final boolean normedLate;
  private final Turn turn;
  private final FloatArray rawQueries;
  private final FloatArray rawKeys;
  private final FloatArray queries;
  private final FloatArray keys;
  private final FloatArray values;
  private final FloatArray attended;
  private final FloatArray logSums;

  TunedAttention(
      Tasks tasks,
      AttentionSpec spec,
      Loads loads,
      Function<LinearSpec, TunedMap> maps,
      int rows,
      int length) {
    this.tasks = tasks;
    this.spec = spec;
    this.rows = rows;
    this.length = length;
    Separate s = (Separate) spec.projection();
    query = maps.apply(s.query());
    key = maps.apply(s.key());
    value = maps.apply(s.value());
    output = maps.apply(spec.output());
    HeadNormSpec norms = spec.headNorms().orElse(null);
    queryNorm = norms == null ? null : TunedNorm.of(loads, norms.query());
    keyNorm = norms == null ? null : TunedNorm.of(loads, norms.key());
    normedLate = norms != null && norms.afterRotation();
    turn = spec.position() instanceof PositionSpec.Rotary r ? turn(r) : null;
    rawQueries = tasks.zeros(Math.multiplyExact(rows, query.out()));
    rawKeys = tasks.zeros(Math.multiplyExact(rows, key.out()));
    queries = norms == null ? rawQueries : tasks.zeros(rows * query.out());
    keys = norms == null ? rawKeys : tasks.zeros(rows * key.out());
    values = tasks.zeros(Math.multiplyExact(rows, value.out()));
    attended = tasks.zeros(Math.multiplyExact(rows, query.out()));
    logSums = tasks.zeros(Math.multiplyExact(rows, spec.heads()));
  }

  private Turn turn(PositionSpec.Rotary r) {
    Rotate.Tables t = r.rotary().tables(length);
    FloatArray back = new FloatArray(t.sin().length);
    for (int i = 0; i < t.sin().length; i++) {
      back.set(i, -t.sin()[i]);
    }
    int[] places = new int[2 * rows];
    for (int row = 0; row < rows; row++) {
      places[2 * row + 1] = row % length;
    }
    return new Turn(
        tasks.stays(FloatArray.fromArray(t.cos())),
        tasks.stays(FloatArray.fromArray(t.sin())),
        tasks.stays(back),
        tasks.stays(IntArray.fromArray(places)),
        t.rotaryDim(),
        t.interleaved() ? 1 : 0);
  }

  private void turn(FloatArray x, int heads, boolean forward) {
    if (turn != null) {
      FloatArray sin = forward ? turn.sin() : turn.back();
      int headDim = spec.headDim();
      tasks.add(
          (g, id) ->
              g.task(
                  id,
                  DevicePointwise::rotary,
                  x,
                  turn.places(),
                  turn.cos(),
                  sin,
                  rows,
                  heads,
                  headDim,
                  turn.dim(),
                  turn.interleaved()));
    }
  }

  /** A norm of whole rows or of each head: what its width says. */
  private int rowsOf(TunedNorm norm, TunedMap map) {
    return rows * (map.out() / norm.dim());
  }

  private void norm() {
    if (queryNorm != null) {
      queryNorm.addForward(tasks, rawQueries, queries, rowsOf(queryNorm, query));
      keyNorm.addForward(tasks, rawKeys, keys, rowsOf(keyNorm, key));
    }
  }

  /** {@code y = attention(x)}. */
  void addForward(FloatArray x, FloatArray y) {
    query.addForward(tasks, x, rawQueries, rows);
    key.addForward(tasks, x, rawKeys, rows);
    value.addForward(tasks, x, values, rows);
    if (!normedLate) {
      norm();
    }
    turn(normedLate ? rawQueries : queries, spec.heads(), true);
    turn(normedLate ? rawKeys : keys, spec.kvHeads(), true);
    if (normedLate) {
      norm();
    }
    int heads = spec.heads();
    int kvHeads = spec.kvHeads();
    int headDim = spec.headDim();
    float scale = spec.scale();
    int window = spec.window();
    float softcap = spec.softcap();
    tasks.add(
        (g, id) ->
            g.task(
                id,
                DeviceWholeAttention::attend,
                queries,
                keys,
                values,
                attended,
                logSums,
                rows,
                length,
                heads,
                kvHeads,
                headDim,
                scale,
                window,
                softcap));
    output.addForward(tasks, attended, y, rows);
  }

  /** The gradients of the maps, from that of {@code y}. None goes on to {@code x}. */
  void addBackward(FloatArray x, FloatArray dy, IntArray mode) {
    output.addWeightGradient(tasks, dy, attended, mode, rows);
    FloatArray dAttended = tasks.zeros(rows * query.out());
    output.addInputGradient(tasks, dy, dAttended, rows, false);
    FloatArray dq = tasks.zeros(rows * query.out());
    FloatArray dk = tasks.zeros(rows * key.out());
    FloatArray dv = tasks.zeros(rows * value.out());
    scores(dAttended, dq, dk, dv);
    if (normedLate) {
      normGradients(dq, dk);
    }
    turn(dq, spec.heads(), false);
    turn(dk, spec.kvHeads(), false);
    if (!normedLate) {
      normGradients(dq, dk);
    }
    query.addWeightGradient(tasks, dq, x, mode, rows);
    key.addWeightGradient(tasks, dk, x, mode, rows);
    value.addWeightGradient(tasks, dv, x, mode, rows);
  }

  private void normGradients(FloatArray dq, FloatArray dk) {
    if (queryNorm != null) {
      queryNorm.addBackward(tasks, rawQueries, dq, dq, rowsOf(queryNorm, query), false);
      keyNorm.addBackward(tasks, rawKeys, dk, dk, rowsOf(keyNorm, key), false);
    }
  }

  private void scores(FloatArray dAttended, FloatArray dq, FloatArray dk, FloatArray dv) {
    FloatArray delta = tasks.zeros(rows * spec.heads());
    int heads = spec.heads();
    int kvHeads = spec.kvHeads();
    int headDim = spec.headDim();
    float scale = spec.scale();
    int window = spec.window();
    float softcap = spec.softcap();
    tasks.add(
        (g, id) ->
            g.task(
                id,
                DeviceWholeAttention::queryGradients,
                queries,
                keys,
                values,
                attended,
                logSums,
                dAttended,
                delta,
                dq,
                rows,
                length,
                heads,
                kvHeads,
                headDim,
                scale,
                window,
                softcap));
    tasks.add(
        (g, id) ->
            g.task(
                id,
                DeviceWholeAttention::keyGradients,
                queries,
                keys,
                values,
                logSums,
                dAttended,
                delta,
                dk,
                dv,
                rows,
                length,
                heads,
                kvHeads,
                headDim,
                scale,
                window,
                softcap));
  }
}

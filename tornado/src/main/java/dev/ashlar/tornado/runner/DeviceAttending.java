package dev.ashlar.tornado.runner;

import dev.ashlar.nn.decoder.AttentionSpec;
import dev.ashlar.nn.decoder.PositionSpec;
import dev.ashlar.nn.decoder.RotarySpec;
import dev.ashlar.tornado.graph.Tasks;
import dev.ashlar.tornado.kernel.DeviceAttention;
import dev.ashlar.tornado.kernel.DevicePointwise;
import java.util.List;
import java.util.function.Function;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** The attention of a block, with its keys and values. */
final class DeviceAttending {
  private final AttentionSpec spec;
  private final DeviceProjection projection;
  private final DeviceNorm queryNorm;
  private final DeviceNorm keyNorm;
  private final DeviceLinear output;
  private final Angles angles;
  private final FloatArray biases;
  private final FloatArray keys;
  private final FloatArray values;

  /**
   * The attention of a block.
   *
   * @param angles of rotary positions
   * @param slots tokens that there is room for
   */
  DeviceAttending(
      AttentionSpec spec, BlockTensors t, Function<RotarySpec, Angles> angles, int slots) {
    this.spec = spec;
    projection = DeviceProjection.of(spec, t);
    queryNorm = spec.headNorms().map(n -> t.norm(n.query())).orElse(null);
    keyNorm = spec.headNorms().map(n -> t.norm(n.key())).orElse(null);
    output = t.linear(spec.output());
    this.angles =
        spec.position() instanceof PositionSpec.Rotary r ? angles.apply(r.rotary()) : null;
    biases = biases(spec, t);
    keys = Tensors.constant(Math.multiplyExact(slots, keyDim()), 0);
    values = Tensors.constant(Math.multiplyExact(slots, valueDim()), 0);
  }

  private static FloatArray biases(AttentionSpec spec, BlockTensors t) {
    int heads = spec.heads();
    float[] slopes =
        spec.position() instanceof PositionSpec.Alibi a ? a.slopes(heads) : new float[heads];
    FloatArray sinks = spec.sinks().map(name -> t.vector(name, heads)).orElse(null);
    FloatArray biases = new FloatArray(2 * heads);
    for (int h = 0; h < heads; h++) {
      biases.set(2 * h, slopes[h]);
      biases.set(2 * h + 1, sinks == null ? DeviceAttention.NO_SINK : sinks.get(h));
    }
    return biases;
  }

  static void widen(AttentionSpec spec, Widths w) {
    DeviceProjection.widen(spec, w);
  }

  /** Bytes of the keys and values of a token. */
  long tokenBytes() {
    return (long) Float.BYTES * (keyDim() + valueDim());
  }

  private int keyDim() {
    return spec.kvHeads() * spec.headDim();
  }

  private int valueDim() {
    return spec.kvHeads() * spec.valueDim();
  }

  /** Everything that stays on the device; angles are other blocks' too. */
  void addArrays(List<Object> to) {
    projection.addArrays(to);
    if (queryNorm != null) {
      queryNorm.addArrays(to);
      keyNorm.addArrays(to);
    }
    output.addArrays(to);
    if (angles != null && !angles.varies()) {
      to.addAll(angles.arrays());
    }
    to.addAll(List.of(biases, keys, values));
  }

  /** What is brought for each batch, likewise. */
  void addChanging(List<Object> to) {
    if (angles != null && angles.varies()) {
      to.addAll(angles.arrays());
    }
  }

  /** Adds copies of pages of keys and values, as {@link DeviceAttention#copyPages} says. */
  void addCopies(Tasks tasks, IntArray copies, int most) {
    int ofKeys = DevicePages.TOKENS * keyDim();
    int ofValues = DevicePages.TOKENS * valueDim();
    tasks.add((g, id) -> g.task(id, DeviceAttention::copyPages, keys, copies, most, ofKeys));
    tasks.add((g, id) -> g.task(id, DeviceAttention::copyPages, values, copies, most, ofValues));
  }

  /** Adds the tasks: {@code y} becomes what is put out for {@code x}. */
  void add(Tasks tasks, Buffers b, FloatArray x, FloatArray y) {
    projection.add(tasks, b, x);
    FloatArray q = b.use(Scratch.QUERIES);
    FloatArray k = b.use(Scratch.KEYS);
    FloatArray v = b.use(Scratch.VALUES);
    clip(tasks, q, b.rows() * spec.heads() * spec.headDim());
    clip(tasks, k, b.rows() * keyDim());
    clip(tasks, v, b.rows() * valueDim());
    boolean late = spec.headNorms().map(n -> n.afterRotation()).orElse(false);
    if (!late) {
      normHeads(tasks, b, q, k);
    }
    if (angles != null) {
      turn(tasks, b, q, spec.heads());
      turn(tasks, b, k, spec.kvHeads());
    }
    if (late) {
      normHeads(tasks, b, q, k);
    }
    store(tasks, b, k, keys, keyDim());
    store(tasks, b, v, values, valueDim());
    attend(tasks, b, q, b.use(Scratch.ATTENDED));
    output.add(tasks, b, b.use(Scratch.ATTENDED), y);
  }

  private void clip(Tasks tasks, FloatArray x, int n) {
    float bound = spec.clip();
    if (bound > 0) {
      tasks.add((g, id) -> g.task(id, DevicePointwise::clip, x, n, bound));
    }
  }

  private void normHeads(Tasks tasks, Buffers b, FloatArray q, FloatArray k) {
    if (queryNorm != null) {
      // A norm of a whole row or of each of its heads: what its width says.
      int queries = spec.heads() * spec.headDim();
      queryNorm.add(tasks, q, q, b.rows() * (queries / queryNorm.dim()));
      keyNorm.add(tasks, k, k, b.rows() * (keyDim() / keyNorm.dim()));
    }
  }

  private void turn(Tasks tasks, Buffers b, FloatArray x, int heads) {
    int rows = b.rows();
    int headDim = spec.headDim();
    IntArray places = angles.varies() ? b.useOwnPlaces() : b.places();
    tasks.add(
        (g, id) ->
            g.task(
                id,
                DevicePointwise::rotary,
                x,
                places,
                angles.cos(),
                angles.sin(),
                rows,
                heads,
                headDim,
                angles.dim(),
                angles.interleaved()));
  }

  private static void store(Tasks tasks, Buffers b, FloatArray x, FloatArray cache, int width) {
    int rows = b.rows();
    int page = DevicePages.TOKENS;
    int pages = b.pages();
    tasks.add(
        (g, id) ->
            g.task(
                id,
                DeviceAttention::store,
                x,
                b.places(),
                b.table(),
                cache,
                rows,
                width,
                page,
                pages));
  }

  private void attend(Tasks tasks, Buffers b, FloatArray q, FloatArray out) {
    int rows = b.rows();
    int heads = spec.heads();
    int kvHeads = spec.kvHeads();
    int headDim = spec.headDim();
    int valueDim = spec.valueDim();
    float scale = spec.scale();
    int window = spec.window();
    float cap = spec.softcap();
    int page = DevicePages.TOKENS;
    int pages = b.pages();
    if (tasks.usesGroups()) {
      int items = Tasks.ITEMS;
      tasks.addGroups(
          rows * heads,
          (g, id) ->
              g.task(
                  id,
                  DeviceAttention::attendByGroups,
                  tasks.context(),
                  q,
                  keys,
                  values,
                  b.places(),
                  b.table(),
                  biases,
                  out,
                  heads,
                  kvHeads,
                  headDim,
                  valueDim,
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
                  q,
                  keys,
                  values,
                  b.places(),
                  b.table(),
                  biases,
                  out,
                  rows,
                  heads,
                  kvHeads,
                  headDim,
                  valueDim,
                  scale,
                  window,
                  cap,
                  page,
                  pages));
    }
  }
}

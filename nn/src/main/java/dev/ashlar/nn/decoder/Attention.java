package dev.ashlar.nn.decoder;

import dev.ashlar.nn.decoder.AttentionSpec.HeadNormSpec;
import dev.ashlar.nn.layer.Linear;
import dev.ashlar.nn.layer.Norm;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.nn.op.AttendWithSinks;
import dev.ashlar.nn.op.Clip;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.op.Attend;
import dev.ashlar.tensor.autograd.op.Rotate;
import dev.ashlar.tensor.kernel.AttentionKernel;
import dev.ashlar.tensor.kv.KvRows;
import java.util.function.BiFunction;

/** Causal grouped-query attention with its projections. */
final class Attention {
  /**
   * Norms of queries and keys.
   *
   * @param afterRotation whether they come after the rotary embedding
   */
  private record HeadNorms(Norm query, Norm key, boolean afterRotation) {}

  private final AttentionSpec spec;
  private final Projection projection;
  private final Linear output;
  private final HeadNorms norms;
  private final RotaryTables rotary;
  private final float[] slopes;
  private final Tensor sinks;

  private Attention(
      AttentionSpec spec,
      Projection projection,
      Linear output,
      HeadNorms norms,
      RotaryTables rotary,
      float[] slopes,
      Tensor sinks) {
    this.spec = spec;
    this.projection = projection;
    this.output = output;
    this.norms = norms;
    this.rotary = rotary;
    this.slopes = slopes;
    this.sinks = sinks;
  }

  /** The attention of the block {@code parent}, with tables from {@code rotaries}. */
  static Attention load(String parent, AttentionSpec spec, Weights weights, Rotaries rotaries) {
    HeadNorms norms = null;
    if (spec.headNorms().isPresent()) {
      HeadNormSpec n = spec.headNorms().get();
      norms =
          new HeadNorms(
              weights.norm(parent, n.query()), weights.norm(parent, n.key()), n.afterRotation());
    }
    return new Attention(
        spec,
        Projection.load(parent, spec, weights),
        weights.linear(parent, spec.output()),
        norms,
        spec.position() instanceof PositionSpec.Rotary r ? rotaries.of(r.rotary()) : null,
        spec.position() instanceof PositionSpec.Alibi a ? a.slopes(spec.heads()) : null,
        spec.sinks().map(name -> weights.tensor(parent + name, spec.heads())).orElse(null));
  }

  /** {@code x [rows, dim]} to the same shape. */
  Tensor forward(Tensor x, int block, BlockContext c, Tape tape) {
    Projection.Parts parts = projection.forward(x, tape);
    Tensor q = clip(parts.query(), tape);
    Tensor k = clip(parts.key(), tape);
    Tensor v = clip(parts.value(), tape);
    if (norms != null && !norms.afterRotation()) {
      q = norms.query().forward(q, tape);
      k = norms.key().forward(k, tape);
    }
    if (rotary != null) {
      BlockContext.Rotation r = c.rotation(rotary);
      q = tape.apply(new Rotate(q, r.tables(), spec.headDim(), r.positions()));
      k = tape.apply(new Rotate(k, r.tables(), spec.headDim(), r.positions()));
    }
    if (norms != null && norms.afterRotation()) {
      q = norms.query().forward(q, tape);
      k = norms.key().forward(k, tape);
    }
    return output.forward(attend(q, k, v, block, c, tape), tape);
  }

  private Tensor clip(Tensor x, Tape tape) {
    return spec.clip() > 0 ? tape.apply(new Clip(x, spec.clip())) : x;
  }

  private Tensor attend(Tensor q, Tensor k, Tensor v, int block, BlockContext c, Tape tape) {
    AttentionKernel.Spec s = kernelSpec(c);
    Attend.Sources sources =
        c.cached() ? kept(k, v, block, c, tape) : Attend.Sources.dense(s, k, v);
    return sinks == null
        ? tape.apply(new Attend(s, q, sources))
        : tape.apply(new AttendWithSinks(s, q, sources, sinks));
  }

  private static Attend.Sources kept(Tensor k, Tensor v, int block, BlockContext c, Tape tape) {
    if (tape.tracks(k) || tape.tracks(v)) {
      throw new IllegalStateException("gradients cannot flow through a key/value cache");
    }
    KvRows keys = c.keep(c.pool().keys(block), k);
    return Attend.Sources.cached(keys, c.keep(c.pool().values(block), v));
  }

  private AttentionKernel.Spec kernelSpec(BlockContext c) {
    return new AttentionKernel.Spec(
        c.ranges(),
        spec.heads(),
        spec.kvHeads(),
        spec.headDim(),
        spec.valueDim(),
        spec.scale(),
        spec.window(),
        spec.softcap(),
        slopes);
  }

  Attention mapWeights(BiFunction<String, Weight, Weight> f) {
    Projection mapped = projection.mapWeights(f);
    return new Attention(spec, mapped, output.mapWeights(f), norms, rotary, slopes, sinks);
  }

  Attention mapTensors(BiFunction<String, Tensor, Tensor> f) {
    Projection mapped = projection.mapTensors(f);
    Linear out = output.mapTensors(f);
    HeadNorms normed = norms;
    if (norms != null) {
      Norm query = norms.query().mapTensors(f);
      normed = new HeadNorms(query, norms.key().mapTensors(f), norms.afterRotation());
    }
    Tensor sunk = sinks == null ? null : f.apply(spec.sinks().orElseThrow(), sinks);
    return new Attention(spec, mapped, out, normed, rotary, slopes, sunk);
  }
}

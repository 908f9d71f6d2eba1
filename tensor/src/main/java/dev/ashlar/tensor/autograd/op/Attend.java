package dev.ashlar.tensor.autograd.op;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.CostlyOp;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.AttentionKernel;
import dev.ashlar.tensor.kv.KvRows;
import java.util.List;

/**
 * Causal grouped-query attention: q {@code [rows, heads·headDim]} (any shape of that size), the
 * rows being those of the {@code Spec}'s ranges; y {@code [rows, heads·valueDim]} (Vaswani et al.,
 * arXiv 1706.03762; Ainslie et al., arXiv 2305.13245).
 */
public final class Attend implements CostlyOp {
  /**
   * Keys and values: tensors through which gradients flow, or rows that a cache keeps.
   *
   * @param k the tensor whose data {@code keys} reads, or null
   * @param v the tensor whose data {@code values} reads, or null
   */
  public record Sources(Tensor k, Tensor v, KvRows keys, KvRows values) {
    /**
     * Dense tensors.
     *
     * @param k {@code [sequences, keys, kvHeads, headDim]}, every sequence with the keys of the
     *     first
     * @param v {@code [sequences, keys, kvHeads, valueDim]}
     */
    public static Sources dense(AttentionKernel.Spec s, Tensor k, Tensor v) {
      int keys = s.ranges().keys(0);
      return new Sources(
          k,
          v,
          new KvRows.Dense(k.data(), keys, s.kvHeads(), s.headDim()),
          new KvRows.Dense(v.data(), keys, s.kvHeads(), s.valueDim()));
    }

    /** Rows of a cache; no gradients flow through them. */
    public static Sources cached(KvRows keys, KvRows values) {
      return new Sources(null, null, keys, values);
    }

    /** Whether there are tensors. */
    public boolean differentiable() {
      return k != null;
    }

    /** What gradients may flow to, {@code q} first. */
    public List<Tensor> inputs(Tensor q) {
      return differentiable() ? List.of(q, k, v) : List.of(q);
    }
  }

  private final AttentionKernel.Spec spec;
  private final Tensor q;
  private final Sources sources;
  private Tensor lse;

  /** Of dense keys and values; see {@link Sources#dense}. */
  public Attend(AttentionKernel.Spec spec, Tensor q, Tensor k, Tensor v) {
    this(spec, q, Sources.dense(spec, k, v));
  }

  /**
   * Of keys and values wherever they lie.
   *
   * @throws IllegalArgumentException if {@code q} is not {@code [rows, heads·headDim]} of {@code
   *     spec}, or its key heads do not divide its heads
   */
  public Attend(AttentionKernel.Spec spec, Tensor q, Sources sources) {
    long expected = (long) spec.ranges().rows() * spec.heads() * spec.headDim();
    if (q.size() != expected || spec.heads() % spec.kvHeads() != 0) {
      throw new IllegalArgumentException("queries " + q.shape() + " do not fit " + spec);
    }
    this.spec = spec;
    this.q = q;
    this.sources = sources;
  }

  @Override
  public List<Tensor> inputs() {
    return sources.inputs(q);
  }

  @Override
  public Tensor forward(Tape tape) {
    boolean backward = tape.needsBackward(this);
    lse = backward ? tape.workspace().take(spec.ranges().rows(), spec.heads()) : null;
    return forward(spec, q, sources, lse, tape);
  }

  @Override
  public List<Tensor> results(Tensor out) {
    return lse == null ? List.of(out) : List.of(out, lse);
  }

  @Override
  public Tensor restored(List<Tensor> results) {
    lse = results.size() > 1 ? results.get(1) : null;
    return results.getFirst();
  }

  /**
   * Attention without a place on the tape, for ops that make something of it.
   *
   * @param lse as the kernel's, or null
   * @throws IllegalStateException if gradients are to flow to {@code q} and the keys are a cache's
   */
  public static Tensor forward(
      AttentionKernel.Spec spec, Tensor q, Sources sources, Tensor lse, Tape tape) {
    if (!sources.differentiable() && tape.tracks(q)) {
      throw new IllegalStateException("gradients cannot flow through a key/value cache");
    }
    long width = (long) spec.heads() * spec.valueDim();
    Tensor y = tape.workspace().take(spec.ranges().rows(), width);
    float[] lseData = lse == null ? null : lse.data();
    AttentionKernel kernel = tape.backend().attention();
    KvRows k = sources.keys();
    KvRows v = sources.values();
    kernel.forward(spec, q.data(), k, v, y.data(), lseData);
    return y;
  }

  @Override
  public void backward(Tensor y, Tensor dy, Gradients g) {
    backward(spec, q, sources, y, lse, dy, g);
  }

  /**
   * Adds the gradients of {@link Sources#inputs}.
   *
   * @param y the output
   * @param lse what the forward pass left there
   */
  public static void backward(
      AttentionKernel.Spec spec,
      Tensor q,
      Sources sources,
      Tensor y,
      Tensor lse,
      Tensor dy,
      Gradients g) {
    KvRows.Dense k = (KvRows.Dense) sources.keys();
    KvRows.Dense v = (KvRows.Dense) sources.values();
    // The kernel gives all three at once; those nobody wants go to scratch.
    Tensor dq = g.workspace().takeZeros(q.shape());
    Tensor dk = g.workspace().takeZeros(sources.k().shape());
    Tensor dv = g.workspace().takeZeros(sources.v().shape());
    Parallel.rows(
        spec.units(),
        1,
        (from, to) ->
            g.backend()
                .attention()
                .backward(
                    spec,
                    from,
                    to,
                    q.data(),
                    k,
                    v,
                    y.data(),
                    lse.data(),
                    dy.data(),
                    dq.data(),
                    dk.data(),
                    dv.data()));
    Ops.passThrough(g, q, dq);
    Ops.passThrough(g, sources.k(), dk);
    Ops.passThrough(g, sources.v(), dv);
  }

  @Override
  public String toString() {
    return "Attend" + spec.ranges() + inputs().stream().map(Tensor::shape).toList();
  }
}

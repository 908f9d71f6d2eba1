package dev.ashlar.tensor.autograd.op;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Op;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.AttentionKernel;
import java.util.Arrays;
import java.util.List;

/**
 * Causal grouped-query attention: q {@code [batch, length, heads·headDim]}, keys and values as the
 * {@code Spec}'s strides say, y {@code [batch, length, heads·valueDim]} (Vaswani et al., arXiv
 * 1706.03762; Ainslie et al., arXiv 2305.13245). Gradients need dense keys and values.
 */
public final class Attend implements Op {
  private final AttentionKernel.Spec spec;
  private final Tensor q;
  private final Tensor k;
  private final Tensor v;
  private Tensor lse;

  public Attend(AttentionKernel.Spec spec, Tensor q, Tensor k, Tensor v) {
    long expected = (long) spec.batch() * spec.length() * spec.heads() * spec.headDim();
    if (q.size() != expected || spec.heads() % spec.kvHeads() != 0) {
      throw new IllegalArgumentException("queries " + q.shape() + " do not fit " + spec);
    }
    this.spec = spec;
    this.q = q;
    this.k = k;
    this.v = v;
  }

  @Override
  public List<Tensor> inputs() {
    return List.of(q, k, v);
  }

  @Override
  public Tensor forward(Tape tape) {
    Tensor y =
        tape.workspace().take(spec.batch(), spec.length(), (long) spec.heads() * spec.valueDim());
    lse =
        tape.needsBackward(this)
            ? tape.workspace().take(spec.batch(), spec.heads(), spec.length())
            : null;
    float[] lseData = lse == null ? null : lse.data();
    Parallel.rows(
        spec.units(),
        1,
        (from, to) ->
            tape.backend()
                .attention()
                .forward(spec, from, to, q.data(), k.data(), v.data(), y.data(), lseData));
    return y;
  }

  @Override
  public void backward(Tensor y, Tensor dy, Gradients g) {
    // The kernel gives all three at once; those nobody wants go to scratch.
    Tensor dq = g.workspace().takeZeros(q.shape());
    Tensor dk = g.workspace().takeZeros(k.shape());
    Tensor dv = g.workspace().takeZeros(v.shape());
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
                    k.data(),
                    v.data(),
                    y.data(),
                    lse.data(),
                    dy.data(),
                    dq.data(),
                    dk.data(),
                    dv.data()));
    Ops.passThrough(g, q, dq);
    Ops.passThrough(g, k, dk);
    Ops.passThrough(g, v, dv);
  }

  @Override
  public String toString() {
    return "Attend" + Arrays.asList(q.shape(), k.shape(), v.shape());
  }
}

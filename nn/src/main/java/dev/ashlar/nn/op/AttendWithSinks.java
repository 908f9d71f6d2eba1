package dev.ashlar.nn.op;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Op;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.AttentionKernel;
import java.util.List;

/**
 * Attention in which every head may also look at nothing (Xiao et al., arXiv 2309.17453): a learned
 * score per head takes part in the softmax and has no value. That is plain attention times {@code
 * σ(lse − sink)}, where {@code lse} is the logarithm of the sum of the other scores' exponentials.
 */
public final class AttendWithSinks implements Op {
  private final AttentionKernel.Spec spec;
  private final Tensor q;
  private final Tensor k;
  private final Tensor v;
  private final Tensor sinks;
  private Tensor lse;

  /**
   * @param sinks {@code [heads]}
   */
  public AttendWithSinks(AttentionKernel.Spec spec, Tensor q, Tensor k, Tensor v, Tensor sinks) {
    if (sinks.size() != spec.heads()) {
      throw new IllegalArgumentException("sinks " + sinks.shape() + " for " + spec.heads());
    }
    this.spec = spec;
    this.q = q;
    this.k = k;
    this.v = v;
    this.sinks = sinks;
  }

  @Override
  public List<Tensor> inputs() {
    return List.of(q, k, v, sinks);
  }

  @Override
  public Tensor forward(Tape tape) {
    Tensor y =
        tape.workspace().take(spec.batch(), spec.length(), (long) spec.heads() * spec.valueDim());
    lse = tape.workspace().take(spec.batch(), spec.heads(), spec.length());
    AttentionKernel kernel = tape.backend().attention();
    Parallel.rows(
        spec.units(),
        1,
        (from, to) ->
            kernel.forward(spec, from, to, q.data(), k.data(), v.data(), y.data(), lse.data()));
    forEachHead(
        (row, head, sight) ->
            tape.backend()
                .elementwise()
                .scale(spec.valueDim(), sight, y.data(), row, y.data(), row, false));
    return y;
  }

  private interface HeadBody {
    void run(int row, int head, float sight);
  }

  /** Visits every output row of every head with the weight that the keys have against the sink. */
  private void forEachHead(HeadBody body) {
    for (int b = 0; b < spec.batch(); b++) {
      for (int i = 0; i < spec.length(); i++) {
        for (int h = 0; h < spec.heads(); h++) {
          double distance =
              lse.data()[(b * spec.heads() + h) * spec.length() + i] - (double) sinks.data()[h];
          float sight = (float) (1 / (1 + Math.exp(-distance)));
          int row = ((b * spec.length() + i) * spec.heads() + h) * spec.valueDim();
          body.run(row, h, sight);
        }
      }
    }
  }

  /**
   * With the scaled output in the place of the plain one, the kernel's own {@code Σ dy·y} becomes
   * what the gradient of the scores needs here, so that no kernel of its own is needed.
   */
  @Override
  public void backward(Tensor y, Tensor dy, Gradients g) {
    Tensor inner = g.workspace().take(dy.shape());
    float[] dSinks = new float[spec.heads()];
    forEachHead(
        (row, head, sight) -> {
          double dot = 0;
          for (int d = 0; d < spec.valueDim(); d++) {
            dot += (double) dy.data()[row + d] * y.data()[row + d];
            inner.data()[row + d] = sight * dy.data()[row + d];
          }
          dSinks[head] -= (float) ((1 - sight) * dot);
        });
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
                    inner.data(),
                    dq.data(),
                    dk.data(),
                    dv.data()));
    add(g, q, dq.data());
    add(g, k, dk.data());
    add(g, v, dv.data());
    add(g, sinks, dSinks);
  }

  private static void add(Gradients g, Tensor x, float[] d) {
    g.add(x, (dx, add) -> g.backend().elementwise().copy(x.size(), d, 0, dx.data(), 0, add));
  }
}

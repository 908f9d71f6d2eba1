package dev.ashlar.nn.op;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.CostlyOp;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.op.Attend;
import dev.ashlar.tensor.kernel.AttentionKernel;
import java.util.ArrayList;
import java.util.List;

/**
 * Attention in which every head may also look at nothing (Xiao et al., arXiv 2309.17453): a learned
 * score per head takes part in the softmax and has no value. That is plain attention times {@code
 * σ(lse − sink)}, where {@code lse} is the logarithm of the sum of the other scores' exponentials.
 */
public final class AttendWithSinks implements CostlyOp {
  private final AttentionKernel.Spec spec;
  private final Tensor q;
  private final Attend.Sources sources;
  private final Tensor sinks;
  private Tensor lse;

  /**
   * @param sinks {@code [heads]}
   */
  public AttendWithSinks(
      AttentionKernel.Spec spec, Tensor q, Attend.Sources sources, Tensor sinks) {
    if (sinks.size() != spec.heads()) {
      throw new IllegalArgumentException("sinks " + sinks.shape() + " for " + spec.heads());
    }
    this.spec = spec;
    this.q = q;
    this.sources = sources;
    this.sinks = sinks;
  }

  @Override
  public List<Tensor> inputs() {
    List<Tensor> inputs = new ArrayList<>(sources.inputs(q));
    inputs.add(sinks);
    return inputs;
  }

  @Override
  public Tensor forward(Tape tape) {
    lse = tape.workspace().take(spec.ranges().rows(), spec.heads());
    Tensor y = Attend.forward(spec, q, sources, lse, tape);
    forEachHead(
        (at, head, sight) ->
            tape.backend()
                .elementwise()
                .scale(spec.valueDim(), sight, y.data(), at, y.data(), at, false));
    return y;
  }

  @Override
  public List<Tensor> results(Tensor out) {
    return List.of(out, lse);
  }

  @Override
  public Tensor restored(List<Tensor> results) {
    lse = results.get(1);
    return results.getFirst();
  }

  private interface HeadBody {
    void run(int at, int head, float sight);
  }

  /** Visits every output row of every head with the weight that the keys have against the sink. */
  private void forEachHead(HeadBody body) {
    int n = spec.ranges().rows() * spec.heads();
    for (int i = 0; i < n; i++) {
      int head = i % spec.heads();
      double distance = lse.data()[i] - (double) sinks.data()[head];
      float sight = (float) (1 / (1 + Math.exp(-distance)));
      body.run(i * spec.valueDim(), head, sight);
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
        (at, head, sight) -> {
          double dot = 0;
          for (int d = 0; d < spec.valueDim(); d++) {
            dot += (double) dy.data()[at + d] * y.data()[at + d];
            inner.data()[at + d] = sight * dy.data()[at + d];
          }
          dSinks[head] -= (float) ((1 - sight) * dot);
        });
    Attend.backward(spec, q, sources, y, lse, inner, g);
    g.add(
        sinks,
        (dx, add) -> g.backend().elementwise().copy(sinks.size(), dSinks, 0, dx.data(), 0, add));
  }
}

package dev.ashlar.tensor.autograd.op;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Op;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.ActivationKernel;
import java.util.List;

/** {@code y = f(gate)·up}: the inside of a gated feed-forward (Shazeer, arXiv 2002.05202). */
public record Gate(ActivationKernel.Function f, Tensor gate, Tensor up) implements Op {
  public Gate {
    if (gate.size() != up.size()) {
      throw new IllegalArgumentException("gate " + gate.shape() + ", up " + up.shape());
    }
  }

  @Override
  public List<Tensor> inputs() {
    return List.of(gate, up);
  }

  @Override
  public Tensor forward(Tape tape) {
    Tensor y = tape.workspace().take(gate.shape());
    Parallel.rows(
        gate.size(),
        Ops.ELEMENTWISE_GRAIN,
        (from, to) ->
            tape.backend()
                .activation()
                .gated(f, from, to - from, gate.data(), up.data(), y.data()));
    return y;
  }

  @Override
  public void backward(Tensor y, Tensor dy, Gradients g) {
    // One pass gives both gradients in the ordinary case that both are wanted.
    g.add(
        gate,
        (dGate, addGate) -> {
          if (g.wants(up) && up != gate) {
            g.add(up, (dUp, addUp) -> run(g, dy, dGate.data(), addGate, dUp.data(), addUp));
          } else {
            run(g, dy, dGate.data(), addGate, null, false);
          }
        });
    if (!g.wants(gate) || up == gate) {
      g.add(up, (dUp, addUp) -> run(g, dy, null, false, dUp.data(), addUp));
    }
  }

  private void run(
      Gradients g, Tensor dy, float[] dGate, boolean addGate, float[] dUp, boolean addUp) {
    Parallel.rows(
        gate.size(),
        Ops.ELEMENTWISE_GRAIN,
        (from, to) ->
            g.backend()
                .activation()
                .gatedBackward(
                    f,
                    from,
                    to - from,
                    gate.data(),
                    up.data(),
                    dy.data(),
                    dGate,
                    addGate,
                    dUp,
                    addUp));
  }
}

package dev.ashlar.tuning.awq;

import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.layer.DenseWeight;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tuning.method.Unit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Errors of the outputs of a unit, or of a module of it, found by running it on what flows into it.
 */
final class RunError implements OutputError {
  private static final int GRAIN = 16;

  /** What is run. */
  @FunctionalInterface
  interface Part {
    /** {@code x [batch, length, dim]} to what {@code unit} makes of it. */
    Tensor forward(Unit unit, Tensor x, BlockContext context, Tape tape);
  }

  private final Unit unit;
  private final Part part;
  private final List<Tensor> inputs;
  private final List<Tensor> outputs = new ArrayList<>();
  private final Tape tape;

  /**
   * Runs the float unit.
   *
   * @param inputs batches {@code [batch, length, dim]}
   */
  RunError(Unit unit, Part part, List<Tensor> inputs) {
    this.unit = unit;
    this.part = part;
    this.inputs = inputs;
    this.tape = Tape.off(unit.backend());
    for (Tensor x : inputs) {
      outputs.add(forward(unit, x).copy());
      tape.reset();
    }
  }

  private Tensor forward(Unit of, Tensor x) {
    return part.forward(of, x, BlockContext.of(x.dim(0), x.dim(1)), tape);
  }

  @Override
  public double of(Map<String, Tensor> weights) {
    Unit other =
        unit.mapWeights(
            (name, w) -> weights.containsKey(name) ? new DenseWeight(weights.get(name)) : w);
    double sum = 0;
    for (int i = 0; i < inputs.size(); i++) {
      sum += squares(forward(other, inputs.get(i)), outputs.get(i));
      tape.reset();
    }
    return sum;
  }

  /** Row by row, so that the sum has the same bits for any number of threads. */
  private static double squares(Tensor a, Tensor b) {
    int rows = a.rows();
    int dim = a.size() / rows;
    double[] parts = new double[rows];
    Parallel.rows(
        rows,
        GRAIN,
        (from, to) -> {
          for (int r = from; r < to; r++) {
            double sum = 0;
            for (int i = r * dim; i < (r + 1) * dim; i++) {
              double d = (double) a.data()[i] - b.data()[i];
              sum += d * d;
            }
            parts[r] = sum;
          }
        });
    double sum = 0;
    for (double p : parts) {
      sum += p;
    }
    return sum;
  }
}

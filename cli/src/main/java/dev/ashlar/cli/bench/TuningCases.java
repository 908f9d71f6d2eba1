package dev.ashlar.cli.bench;

import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.weights.MemoryWeights;
import dev.ashlar.tuning.method.Activations;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.method.UnitTask;
import dev.ashlar.tuning.signround.SignRound;
import dev.ashlar.tuning.signround.SignRoundOptions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;

/** Steps of SignRound on a block: quantizer, forward, backward, step by the signs. */
final class TuningCases {
  /** What a loss, a mean of squares of small differences, may be off by. */
  private static final double LOSS = 1e-3;

  private TuningCases() {}

  /**
   * What is tuned.
   *
   * @param samples of one step
   */
  private record Size(int steps, int samples, int length) {
    @Override
    public String toString() {
      return (steps == 1 ? "1 step" : steps + " steps") + " of " + samples + "x" + length;
    }

    /** A forward pass, and two as long backward. */
    double operations() {
      return 6.0 * steps * samples * length * RandomDecoder.blockWeights();
    }
  }

  static List<Group> groups(boolean quick) {
    Size small = new Size(1, 1, 32);
    if (quick) {
      return List.of(new Group("tuning", () -> List.of(chosen(small).checked(Parallel.threads()))));
    }
    return List.of(
        new Group("tuning", () -> small(small)),
        new Group("tuning", () -> List.of(chosen(new Size(4, 4, 256)).of(Parallel.threads()))));
  }

  private static List<Case> small(Size size) {
    List<Case> cases = new ArrayList<>();
    if (Operands.backends().size() > 1) {
      cases.add(new Tuning(size, RandomDecoder.floats(1), Backends.reference()).of(1));
    }
    Tuning tuning = chosen(size);
    for (int threads : Operands.threads()) {
      cases.add(tuning.checked(threads));
    }
    return cases;
  }

  private static Tuning chosen(Size size) {
    return new Tuning(size, RandomDecoder.floats(1), Backends.chosen());
  }

  /** SignRound on a backend; a call is a whole run of some steps. */
  private static final class Tuning {
    private final Size size;
    private final MemoryWeights weights;
    private final Backend backend;
    private final SignRound method;
    private final Supplier<UnitTask> task = Operands.once(this::task);
    private final Supplier<float[]> expected = Operands.once(this::expected);
    private double firstLoss;

    Tuning(Size size, MemoryWeights weights, Backend backend) {
      this.size = size;
      this.weights = weights;
      this.backend = backend;
      this.method = new SignRound(SignRoundOptions.of(size.steps()));
    }

    Case of(int threads) {
      return new Case(
              size + " tokens, 4 bits g64",
              backend.name(),
              threads,
              Bound.ARITHMETIC,
              1e-9 * size.operations(),
              () -> method.quantize(task.get()))
          .prepared(task::get);
    }

    /** The loss of the first step stands for its whole forward. */
    Case checked(int threads) {
      return of(threads).checked(new Check(this::loss, expected, LOSS));
    }

    private float[] loss() {
      return new float[] {(float) firstLoss};
    }

    private float[] expected() {
      Tuning reference = new Tuning(size, weights, Backends.reference());
      reference.method.quantize(reference.task.get());
      return reference.loss();
    }

    private UnitTask task() {
      Unit unit = Unit.of(List.of(Architectures.load(weights, backend).block(0)));
      int dim = RandomDecoder.DIM;
      Activations inputs = Activations.zeros(size.samples(), size.length(), dim);
      Activations targets = Activations.zeros(size.samples(), size.length(), dim);
      BlockContext context = BlockContext.of(1, size.length());
      Tape tape = Tape.off(backend);
      Random random = new Random(1);
      for (int i = 0; i < size.samples(); i++) {
        Tensor in = Tensor.zeros(1, size.length(), dim);
        for (int j = 0; j < in.size(); j++) {
          in.data()[j] = (float) random.nextGaussian();
        }
        inputs.write(i, 1, in);
        targets.write(i, 1, unit.forward(in, context, tape));
        tape.release(0, null);
      }
      Map<String, QuantScheme> schemes = new LinkedHashMap<>();
      IntegerGrid grid = new IntegerGrid(RandomDecoder.BITS, RandomDecoder.GROUP, false);
      unit.weights().keySet().forEach(n -> schemes.put(n, grid));
      boolean[][] counted = new boolean[size.samples()][size.length()];
      for (boolean[] c : counted) {
        Arrays.fill(c, true);
      }
      return new UnitTask(
          0,
          unit,
          schemes,
          inputs,
          targets,
          counted,
          size.samples(),
          1,
          7,
          (i, of, loss) -> firstLoss = i == 0 ? loss : firstLoss);
    }
  }
}

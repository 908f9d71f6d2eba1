package dev.ashlar.bench;

import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tuning.method.Activations;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.method.UnitTask;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * What there is to tune of a {@link SmolBlock}: random inputs, and what the block makes of them.
 */
public final class SmolTask {
  private static final int SEED = 7;

  private SmolTask() {}

  /**
   * Asymmetric groups of 64; the same numbers every time.
   *
   * @param bits of the codes
   * @param samples of {@code length} tokens, {@code batch} of them in an iteration
   */
  public static UnitTask of(int bits, int samples, int length, int batch) {
    Unit unit = Unit.of(List.of(Architectures.load(new SmolBlock()).block(0)));
    Activations inputs = Activations.zeros(samples, length, SmolBlock.DIM);
    Activations targets = Activations.zeros(samples, length, SmolBlock.DIM);
    Random random = new Random(1);
    Tape tape = Tape.off();
    BlockContext context = BlockContext.of(1, length);
    for (int i = 0; i < samples; i++) {
      float[] x = new float[length * SmolBlock.DIM];
      for (int j = 0; j < x.length; j++) {
        x[j] = (float) random.nextGaussian();
      }
      Tensor in = Tensor.of(x, 1, length, SmolBlock.DIM);
      inputs.write(i, 1, in);
      targets.write(i, 1, unit.forward(in, context, tape));
      tape.release(0, null);
    }
    Map<String, QuantScheme> schemes = new LinkedHashMap<>();
    unit.weights().keySet().forEach(n -> schemes.put(n, new IntegerGrid(bits, 64, false)));
    boolean[][] counted = new boolean[samples][length];
    for (boolean[] c : counted) {
      Arrays.fill(c, true);
    }
    return new UnitTask(
        0, unit, schemes, inputs, targets, counted, batch, 1, SEED, (i, of, loss) -> {});
  }
}

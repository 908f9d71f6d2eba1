package dev.ashlar.tuning.signround;

import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.Workspace;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.method.UnitTask;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One unit under tuning: its weights, and the forward and backward of one batch. A steady iteration
 * takes all its large buffers from the tape's workspace and from {@code buffers}.
 */
final class UnitTuning {
  /** As in AutoRound; without effect on signs, but small gradients stay clear of zero. */
  private static final float LOSS_SCALE = 1000f;

  /** Bits of a code below which the extension's loss leaves out what is farthest off. */
  private static final int SUPPRESSED_BELOW = 4;

  private static final String WEIGHT = ".weight";
  private static final String BIAS = ".bias";

  private final UnitTask task;
  private final Tape tape;
  private final Unit tuned;
  private final List<TunableWeight> weights = new ArrayList<>();
  private final List<TunableVector> vectors = new ArrayList<>();
  private final int micro;
  private final int batch;
  private final Tensor x;
  private final Tensor y;
  private final Tensor dOut;
  private final BatchLoss loss;
  private final Map<Integer, BlockContext> contexts = new HashMap<>();

  /**
   * @param tape records, and is reset here
   * @param buffers holds what lives as long as this
   */
  UnitTuning(UnitTask task, Tape tape, Workspace buffers, SignRoundOptions options) {
    this.task = task;
    this.tape = tape;
    Map<String, float[]> importance =
        options.variant().extension() ? UnitImportance.of(task) : Map.of();
    Unit weighted =
        task.unit()
            .mapWeights(
                (name, weight) -> {
                  if (!task.schemes().containsKey(name)) {
                    return weight;
                  }
                  TunableWeight w =
                      TunableWeight.of(
                          task.layer(name, weight), buffers, options, importance.get(name));
                  weights.add(w);
                  return w;
                });
    this.tuned =
        options.variant().normsAndBiases()
            ? weighted.mapTensors((name, t) -> vector(name, t, options))
            : weighted;
    int samples = task.inputs().count();
    int length = task.inputs().length();
    this.batch = Math.min(samples, Math.multiplyExact(task.batchSize(), task.accumulate()));
    this.micro = Math.min(task.batchSize(), batch);
    this.x = buffers.take(micro, length, task.inputs().dim());
    this.y = buffers.take(micro, length, task.targets().dim());
    this.dOut = buffers.take(micro, length, task.targets().dim());
    this.loss =
        new BatchLoss(tape.backend().loss(), task.counted(), length, micro, suppresses(options));
  }

  private Tensor vector(String name, Tensor t, SignRoundOptions options) {
    if (!isTunable(name, t)) {
      return t;
    }
    float[] rates = options.schedule(options.firstLr(fewestBits()));
    TunableVector v = new TunableVector(name, t, rates, options.variant());
    vectors.add(v);
    return v.tensor();
  }

  /** Weights of norms, and biases of what is quantized; no routers, which choose. */
  private boolean isTunable(String name, Tensor t) {
    boolean vector = t.shape().rank() == 1;
    boolean norm = name.endsWith(WEIGHT) && vector;
    boolean bias =
        name.endsWith(BIAS)
            && task.schemes().containsKey(name.substring(0, name.length() - BIAS.length()));
    return norm || bias && vector;
  }

  private int fewestBits() {
    return weights.stream().mapToInt(w -> w.layer().scheme().codeBits()).min().orElseThrow();
  }

  private boolean suppresses(SignRoundOptions options) {
    boolean coarseInputs =
        task.schemes().values().stream()
            .flatMap(s -> s.activations().stream())
            .anyMatch(a -> a.element().bits() <= SUPPRESSED_BELOW);
    return options.variant().extension() && (fewestBits() < SUPPRESSED_BELOW || coarseInputs);
  }

  /** Samples that one iteration sees. */
  int batch() {
    return batch;
  }

  List<TunableWeight> weights() {
    return weights;
  }

  List<TunableVector> vectors() {
    return vectors;
  }

  /** Makes all ŵ from the parameters. */
  void build() {
    for (TunableWeight w : weights) {
      w.build();
    }
    for (TunableVector v : vectors) {
      v.build();
    }
  }

  /**
   * Loss of the samples with the present ŵ, and the gradients of all ŵ.
   *
   * @param gradients whether they are wanted
   */
  double run(int[] samples, boolean gradients) {
    long elements = (long) samples.length * task.inputs().length() * task.targets().dim();
    double sum = 0;
    for (int from = 0; from < samples.length; from += micro) {
      int count = Math.min(micro, samples.length - from);
      sum += microBatch(samples, from, count, gradients, LOSS_SCALE / elements);
    }
    return sum / elements / loss.divisor(samples);
  }

  private double microBatch(int[] samples, int from, int count, boolean gradients, float scale) {
    tape.reset();
    boolean accumulate = from > 0;
    if (gradients) {
      for (TunableWeight w : weights) {
        w.watch(tape, accumulate);
      }
      for (TunableVector v : vectors) {
        v.watch(tape, accumulate);
      }
    }
    Tensor in = part(x, count);
    task.inputs().gather(samples, from, count, in);
    Tensor target = part(y, count);
    task.targets().gather(samples, from, count, target);
    Tensor out = tuned.forward(in, context(count), tape);
    Tensor d = gradients ? part(dOut, count) : null;
    double sum = loss.squaredError(out, target, samples, from, d, scale);
    if (gradients && Double.isFinite(sum)) {
      Gradients g = tape.backward(out, d);
      for (TunableWeight w : weights) {
        w.settle(g, accumulate);
      }
      for (TunableVector v : vectors) {
        v.settle(g, accumulate);
      }
    }
    return sum;
  }

  private Tensor part(Tensor whole, int count) {
    return count == micro ? whole : Tensor.of(whole.data(), count, whole.dim(1), whole.dim(2));
  }

  private BlockContext context(int count) {
    return contexts.computeIfAbsent(count, n -> BlockContext.of(n, task.inputs().length()));
  }

  /** The sign step of iteration {@code i} for all parameters. */
  void step(SignRoundOptions options, int i) {
    for (TunableWeight w : weights) {
      w.step(i, (float) options.clampV());
    }
    for (TunableVector v : vectors) {
      v.step(i);
    }
  }

  /** Keeps what the present parameters produce as the result; call before they step. */
  void keep() {
    for (TunableWeight w : weights) {
      w.keep();
    }
    for (TunableVector v : vectors) {
      v.keep();
    }
  }
}

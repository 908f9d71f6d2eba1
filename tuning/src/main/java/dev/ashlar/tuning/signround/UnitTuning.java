package dev.ashlar.tuning.signround;

import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.Workspace;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.method.UnitResult;
import dev.ashlar.tuning.method.UnitTask;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One unit under tuning: its weights, and the forward and backward of one batch. A steady iteration
 * takes all its large buffers from the tape's workspace and from {@code buffers}.
 */
final class UnitTuning implements Tuning {
  /** As in AutoRound; without effect on signs, but small gradients stay clear of zero. */
  static final float LOSS_SCALE = 1000f;

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
    Map<String, float[]> importance = importance(task, options);
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
    int length = task.inputs().length();
    this.batch = batch(task);
    this.micro = Math.min(task.batchSize(), batch);
    this.x = buffers.take(micro, length, task.inputs().dim());
    this.y = buffers.take(micro, length, task.targets().dim());
    this.dOut = buffers.take(micro, length, task.targets().dim());
    this.loss =
        new BatchLoss(
            tape.backend().loss(), task.counted(), length, micro, suppresses(task, options));
  }

  /** Importance of each layer's inputs, where ranges are searched by it. */
  static Map<String, float[]> importance(UnitTask task, SignRoundOptions options) {
    return options.variant().extension() ? UnitImportance.of(task) : Map.of();
  }

  /** Samples that one iteration sees. */
  static int batch(UnitTask task) {
    int most = Math.multiplyExact(task.batchSize(), task.accumulate());
    return Math.min(task.inputs().count(), most);
  }

  private Tensor vector(String name, Tensor t, SignRoundOptions options) {
    if (!isTunable(name, t)) {
      return t;
    }
    float[] rates = options.schedule(options.firstLr(fewestBits(task)));
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

  private static int fewestBits(UnitTask task) {
    return task.schemes().values().stream().mapToInt(QuantScheme::codeBits).min().orElseThrow();
  }

  /** Whether the loss leaves out what is farthest off. */
  static boolean suppresses(UnitTask task, SignRoundOptions options) {
    boolean coarseInputs =
        task.schemes().values().stream()
            .flatMap(s -> s.activations().stream())
            .anyMatch(a -> a.element().bits() <= SUPPRESSED_BELOW);
    return options.variant().extension() && (fewestBits(task) < SUPPRESSED_BELOW || coarseInputs);
  }

  @Override
  public int batch() {
    return batch;
  }

  List<TunableWeight> weights() {
    return weights;
  }

  List<TunableVector> vectors() {
    return vectors;
  }

  @Override
  public void build() {
    for (TunableWeight w : weights) {
      w.build();
    }
    for (TunableVector v : vectors) {
      v.build();
    }
  }

  @Override
  public double run(int[] samples, boolean gradients) {
    long elements = (long) samples.length * task.inputs().length() * task.targets().dim();
    double sum = 0;
    for (int from = 0; from < samples.length; from += micro) {
      int count = Math.min(micro, samples.length - from);
      sum += microBatch(samples, from, count, gradients, LOSS_SCALE / elements);
    }
    return sum / elements / BatchLoss.divisor(task.counted(), task.inputs().length(), samples);
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

  @Override
  public void step(SignRoundOptions options, int i) {
    for (TunableWeight w : weights) {
      w.step(i, (float) options.clampV());
    }
    for (TunableVector v : vectors) {
      v.step(i);
    }
  }

  @Override
  public void keep() {
    for (TunableWeight w : weights) {
      w.keep();
    }
    for (TunableVector v : vectors) {
      v.keep();
    }
  }

  @Override
  public UnitResult result() {
    Map<String, QuantizedMatrix> layers = new LinkedHashMap<>();
    for (TunableWeight w : weights) {
      layers.put(w.layer().name(), w.result());
    }
    Map<String, Tensor> changed = new LinkedHashMap<>();
    vectors.forEach(v -> changed.put(v.name(), v.result()));
    UnitResult result = UnitResult.of(layers).withTensors(changed);
    long cold = weights.stream().filter(w -> !w.reached()).count();
    return cold == 0 ? result : result.withFigures(Map.of(SignRound.COLD, (double) cold));
  }

  @Override
  public void close() {
    tape.reset();
  }
}

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

  private final UnitTask task;
  private final Tape tape;
  private final Unit tuned;
  private final List<TunableWeight> weights = new ArrayList<>();
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
    this.tuned =
        task.unit()
            .mapWeights(
                (name, weight) -> {
                  if (!task.schemes().containsKey(name)) {
                    return weight;
                  }
                  TunableWeight w =
                      new TunableWeight(
                          task.layer(name, weight), buffers, tape.backend().fakeQuant(), options);
                  weights.add(w);
                  return w;
                });
    int samples = task.inputs().count();
    int length = task.inputs().length();
    this.batch = Math.min(samples, Math.multiplyExact(task.batchSize(), task.accumulate()));
    this.micro = Math.min(task.batchSize(), batch);
    this.x = buffers.take(micro, length, task.inputs().dim());
    this.y = buffers.take(micro, length, task.targets().dim());
    this.dOut = buffers.take(micro, length, task.targets().dim());
    this.loss = new BatchLoss(tape.backend().loss(), task.counted(), length, micro);
  }

  /** Samples that one iteration sees. */
  int batch() {
    return batch;
  }

  List<TunableWeight> weights() {
    return weights;
  }

  /** Makes all ŵ from the parameters. */
  void build() {
    for (TunableWeight w : weights) {
      w.build();
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
  }

  /** Keeps what the present parameters produce as the result; call before they step. */
  void keep() {
    for (TunableWeight w : weights) {
      w.keep();
    }
  }
}

package dev.ashlar.tuning.lora;

import dev.ashlar.nn.decoder.Block;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.layer.LowRankWeight;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.Workspace;
import dev.ashlar.tensor.autograd.op.CrossEntropy;
import dev.ashlar.tuning.calibration.BatchOrder;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.train.AdamW;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.IntConsumer;
import java.util.function.LongSupplier;

/**
 * Trains factors of low rank beside the linear maps of a decoder, whose own tensors do not change,
 * by the cross-entropy of next tokens.
 *
 * <p>Each step goes forward through the blocks and back through them from the last, as {@link
 * BlockPasses} says. The same seed and data give the same factors for any number of threads and any
 * memory. Not thread-safe.
 */
public final class LoraTraining {
  /** Logits in memory at once, if that is not less than so many rows of them. */
  private static final int LOGITS = 1 << 23;

  private static final int LEAST_ROWS = 128;

  /** Logits whose losses are summed, and shares of the gradient rounded, together. */
  private static final int SUMMED = 1 << 26;

  private final Decoder model;
  private final LoraOptions options;
  private final Map<String, TrainedFactors> factors;
  private final List<Tensor> parameters = new ArrayList<>();
  private final List<Tensor> gradients = new ArrayList<>();
  private final AdamW optimizer;
  private final BlockPasses passes;
  private final Tape tape;

  /**
   * Begins with factors that change nothing.
   *
   * @param model its weights must let gradients pass; see {@link Decoder#loadFrozen}
   * @param modules complete names of the maps to train beside
   * @throws IllegalArgumentException if the blocks have no map of a name
   */
  public LoraTraining(Decoder model, Set<String> modules, LoraOptions options) {
    this(model, fresh(model, modules, options), options);
  }

  /**
   * Goes on with factors, which are trained in place.
   *
   * @param factors by the complete names of their maps
   */
  public LoraTraining(Decoder model, Map<String, TrainedFactors> factors, LoraOptions options) {
    this(model, factors, options, BlockPasses::spareBytes);
  }

  /**
   * The same.
   *
   * @param spare bytes that may be taken beyond those of one block, asked for when that is known
   */
  LoraTraining(
      Decoder model, Map<String, TrainedFactors> factors, LoraOptions options, LongSupplier spare) {
    this.model = model;
    this.options = options;
    this.factors = Collections.unmodifiableMap(new LinkedHashMap<>(factors));
    Workspace buffers = new Workspace();
    this.tape = Tape.recording(model.backend(), buffers.beside());
    List<Block> blocks = new ArrayList<>();
    List<List<TrainedFactors>> ofBlock = new ArrayList<>();
    for (int i = 0; i < model.blockCount(); i++) {
      List<TrainedFactors> own = new ArrayList<>();
      blocks.add(adapted(model.block(i), own));
      ofBlock.add(own);
    }
    int found = ofBlock.stream().mapToInt(List::size).sum();
    if (found != factors.size()) {
      throw new IllegalArgumentException(
          "of " + factors.size() + " maps to train beside the blocks have " + found);
    }
    this.passes = new BlockPasses(model, blocks, ofBlock, buffers, spare);
    this.optimizer = new AdamW(parameters, 0);
  }

  static Map<String, TrainedFactors> fresh(
      Decoder model, Set<String> modules, LoraOptions options) {
    Map<String, TrainedFactors> all = new LinkedHashMap<>();
    Random random = new Random(options.seed());
    for (int i = 0; i < model.blockCount(); i++) {
      Block b = model.block(i);
      b.mapWeights(
          (name, weight) -> {
            String module = b.name() + "." + name;
            if (modules.contains(module)) {
              all.put(
                  module, TrainedFactors.fresh(weight.out(), weight.in(), options.rank(), random));
            }
            return weight;
          });
    }
    if (all.size() != modules.size()) {
      throw new IllegalArgumentException(
          "of " + modules.size() + " maps to train beside the blocks have " + all.size());
    }
    return all;
  }

  private Block adapted(Block plain, List<TrainedFactors> own) {
    return plain.mapWeights(
        (name, weight) -> {
          TrainedFactors f = factors.get(plain.name() + "." + name);
          if (f == null) {
            return weight;
          }
          own.add(f);
          parameters.addAll(List.of(f.down(), f.up()));
          gradients.addAll(List.of(f.downGradient(), f.upGradient()));
          return new LowRankWeight(weight, f.down(), f.up(), options.scale());
        });
  }

  /** The factors as they are, by the complete names of their maps. */
  public Map<String, TrainedFactors> factors() {
    return factors;
  }

  /** What tells this training from others: the model's content, the maps, the options. */
  public String identity() {
    return Fingerprint.of(model) + " " + options.describe() + " " + factors.keySet();
  }

  /** Numbers that are trained. */
  public long size() {
    return parameters.stream().mapToLong(Tensor::size).sum();
  }

  /** Steps that were done. */
  public int done() {
    return optimizer.steps();
  }

  /** Everything that steps change, the live arrays: factors, then the optimizer's moments. */
  List<float[]> arrays() {
    List<float[]> all = new ArrayList<>();
    parameters.forEach(p -> all.add(p.data()));
    all.addAll(optimizer.moments());
    return all;
  }

  /** Goes on behind so many steps, when {@link #arrays} have been put back. */
  void resume(int steps) {
    optimizer.resume(steps);
  }

  /** Told after each step. */
  @FunctionalInterface
  public interface Progress {
    /**
     * @param done steps so far
     * @param loss mean negative log-likelihood of the step's batch before it, in nats per token
     */
    void step(int done, double loss);
  }

  /**
   * Does the steps that are left.
   *
   * @throws IllegalArgumentException if there are fewer samples than a batch has
   * @throws DivergedException if the loss or a factor is no longer a number
   */
  public void run(CalibrationSet samples, Progress progress) {
    BatchOrder order = BatchOrder.shuffled(samples.count(), options.batch(), options.seed());
    for (int i = 0; i < options.steps(); i++) {
      int[] rows = order.next();
      if (i < done()) {
        continue;
      }
      double loss = gradients(samples, rows);
      if (!Double.isFinite(loss)) {
        throw new DivergedException("the loss of step " + (i + 1) + " is not a number");
      }
      optimizer.step(gradients, options.rate(i), AdamW.clipping(gradients, options.clip()));
      if (!parameters.stream().allMatch(this::finite)) {
        throw new DivergedException("behind step " + (i + 1) + " the factors are no numbers");
      }
      progress.step(i + 1, loss);
    }
  }

  private boolean finite(Tensor t) {
    return model.backend().elementwise().allFinite(t.size(), t.data(), 0);
  }

  /**
   * The loss of some samples, and its gradients by all factors.
   *
   * @return mean negative log-likelihood of the tokens that count, in nats
   */
  public double gradients(CalibrationSet samples, int... rows) {
    Tensor hidden = forward(samples, rows, true);
    Tensor d = Tensor.zeros(hidden.shape());
    int[] targets = targets(samples, rows);
    int counted = CrossEntropy.count(targets);
    double loss = head(hidden, targets, Math.max(1, counted), d) / Math.max(1, counted);
    gradients.forEach(g -> Arrays.fill(g.data(), 0, g.size(), 0));
    passes.back(d);
    return loss;
  }

  /**
   * The mean loss of all samples as the factors are.
   *
   * @param measured told before each batch how many samples were measured; may end it by an
   *     exception
   * @return nats per token
   */
  public double loss(CalibrationSet samples, IntConsumer measured) {
    double sum = 0;
    long counted = 0;
    for (int at = 0; at < samples.count(); at += options.batch()) {
      int begin = at;
      measured.accept(at);
      int[] rows = new int[Math.min(options.batch(), samples.count() - at)];
      Arrays.setAll(rows, i -> begin + i);
      int[] targets = targets(samples, rows);
      sum += head(forward(samples, rows, false), targets, 1, null);
      counted += CrossEntropy.count(targets);
    }
    return sum / Math.max(1, counted);
  }

  /** Tokens of a batch's longest sample: nothing that counts looks at the padding behind it. */
  private static int length(CalibrationSet samples, int[] rows) {
    int length = 2;
    for (int row : rows) {
      boolean[] counted = samples.counted()[row];
      for (int t = samples.length() - 1; t + 1 >= length; t--) {
        if (counted[t]) {
          length = Math.min(t + 2, samples.length());
          break;
        }
      }
    }
    return length;
  }

  /** For each position the token behind it, or -1 where it does not count. */
  private static int[] targets(CalibrationSet samples, int[] rows) {
    int length = length(samples, rows);
    int[] targets = new int[rows.length * length];
    Arrays.fill(targets, -1);
    for (int r = 0; r < rows.length; r++) {
      int[] ids = samples.sample(rows[r]);
      boolean[] counted = samples.counted()[rows[r]];
      for (int t = 0; t + 1 < length; t++) {
        targets[r * length + t] = counted[t] ? ids[t + 1] : -1;
      }
    }
    return targets;
  }

  /** The state behind the last block. */
  private Tensor forward(CalibrationSet samples, int[] rows, boolean recorded) {
    int length = length(samples, rows);
    int[] ids = new int[rows.length * length];
    for (int r = 0; r < rows.length; r++) {
      System.arraycopy(samples.sample(rows[r]), 0, ids, r * length, length);
    }
    return passes.forward(ids, rows.length, recorded);
  }

  /**
   * The summed loss, logits of a few rows at a time.
   *
   * @param counted what gradients are divided by
   * @param d receives the gradient by {@code hidden}, or null
   */
  private double head(Tensor hidden, int[] targets, int counted, Tensor d) {
    int rows = hidden.rows();
    int together = Math.max(LEAST_ROWS, SUMMED / model.spec().vocab());
    double sum = 0;
    for (int from = 0; from < rows; from += together) {
      sum += head(hidden, targets, from, Math.min(from + together, rows), counted, d);
    }
    return sum;
  }

  /** The same of the rows {@code [from, to)}, whose losses are summed by themselves. */
  private double head(Tensor hidden, int[] targets, int from, int to, int counted, Tensor d) {
    int dim = hidden.dim(-1);
    // Evenly: a rest of one or two rows is summed in another order.
    int parts = Math.ceilDiv(to - from, Math.max(LEAST_ROWS, LOGITS / model.spec().vocab()));
    int most = Math.ceilDiv(to - from, parts);
    int here = CrossEntropy.count(Arrays.copyOfRange(targets, from, to));
    float share = (float) here / counted;
    double sum = 0;
    for (int at = from; at < to; at += most) {
      int end = Math.min(at + most, to);
      Tensor x = Tensor.of(Arrays.copyOfRange(hidden.data(), at * dim, end * dim), end - at, dim);
      // One tape with and without gradients: each has floats of a packed head of its own.
      tape.reset();
      if (d != null) {
        tape.watch(x);
      }
      CrossEntropy loss =
          new CrossEntropy(model.head(x, tape), Arrays.copyOfRange(targets, at, end), here);
      Tensor y = tape.apply(loss);
      sum = loss.addTo(sum);
      if (d != null) {
        Gradients g = tape.backward(y, share);
        System.arraycopy(g.of(x).data(), 0, d.data(), at * dim, (end - at) * dim);
      }
      tape.reset();
    }
    return sum;
  }
}

package dev.ashlar.tuning.lora;

import dev.ashlar.nn.decoder.Block;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.layer.LowRankWeight;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.op.CrossEntropy;
import dev.ashlar.tuning.calibration.BatchOrder;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.train.AdamW;
import dev.ashlar.tuning.walk.BlockInputs;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.IntConsumer;

/**
 * Trains factors of low rank beside the linear maps of a decoder, whose own tensors do not change,
 * by the cross-entropy of next tokens.
 *
 * <p>Each step goes forward through the blocks, keeping only what flows into each, and back through
 * them from the last, each run once more: memory holds the floats and gradients of one block. The
 * same seed and data give the same factors for any number of threads. Not thread-safe.
 */
public final class LoraTraining {
  /** Logits in memory at once, if that is not less than so many rows of them. */
  private static final int LOGITS = 1 << 26;

  private static final int LEAST_ROWS = 128;

  private final Decoder model;
  private final LoraOptions options;
  private final Map<String, TrainedFactors> factors;
  private final List<Block> blocks = new ArrayList<>();
  private final List<List<TrainedFactors>> ofBlock = new ArrayList<>();
  private final List<Tensor> parameters = new ArrayList<>();
  private final List<Tensor> gradients = new ArrayList<>();
  private final AdamW optimizer;
  private final Tape off;
  private final Tape tape;
  private final BlockInputs states;
  private int first;

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
    this.model = model;
    this.options = options;
    this.factors = Collections.unmodifiableMap(new LinkedHashMap<>(factors));
    this.off = Tape.off(model.backend());
    this.tape = Tape.recording(model.backend());
    this.states = new BlockInputs(model.blockCount());
    this.first = model.blockCount();
    int found = 0;
    for (int i = 0; i < model.blockCount(); i++) {
      found += adapt(i);
    }
    if (found != factors.size()) {
      throw new IllegalArgumentException(
          "of " + factors.size() + " maps to train beside the blocks have " + found);
    }
    this.optimizer = new AdamW(parameters, 0);
  }

  private static Map<String, TrainedFactors> fresh(
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

  private int adapt(int i) {
    Block plain = model.block(i);
    List<TrainedFactors> own = new ArrayList<>();
    blocks.add(
        plain.mapWeights(
            (name, weight) -> {
              TrainedFactors f = factors.get(plain.name() + "." + name);
              if (f == null) {
                return weight;
              }
              own.add(f);
              parameters.addAll(List.of(f.down(), f.up()));
              gradients.addAll(List.of(f.downGradient(), f.upGradient()));
              return new LowRankWeight(weight, f.down(), f.up(), options.scale());
            }));
    ofBlock.add(own);
    if (!own.isEmpty()) {
      first = Math.min(first, i);
    }
    return own.size();
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
    Tensor hidden = forward(samples, rows);
    Tensor d = Tensor.zeros(hidden.shape());
    int[] targets = targets(samples, rows);
    int counted = (int) Arrays.stream(targets).filter(t -> t >= 0).count();
    double loss = head(hidden, targets, Math.max(1, counted), d) / Math.max(1, counted);
    gradients.forEach(g -> Arrays.fill(g.data(), 0, g.size(), 0));
    BlockContext context = BlockContext.of(rows.length, length(samples, rows));
    for (int i = blocks.size() - 1; i >= first; i--) {
      back(i, d, context);
    }
    return loss;
  }

  /** Through a block once more, and back. */
  private void back(int i, Tensor d, BlockContext context) {
    tape.reset();
    for (TrainedFactors f : ofBlock.get(i)) {
      // Added to zeros: an expert that saw no token gets no gradient.
      tape.watch(f.down(), f.downGradient(), true);
      tape.watch(f.up(), f.upGradient(), true);
    }
    Tensor in = states.get(i);
    if (i > first) {
      tape.watch(in);
    }
    Gradients g = tape.backward(blocks.get(i).forward(in, context, tape), d);
    if (i > first) {
      System.arraycopy(g.of(in).data(), 0, d.data(), 0, d.size());
    }
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
      sum += head(forward(samples, rows), targets, 1, null);
      counted += Arrays.stream(targets).filter(t -> t >= 0).count();
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

  /** What flows into each block is kept; the state behind the last is given. */
  private Tensor forward(CalibrationSet samples, int[] rows) {
    int length = length(samples, rows);
    int[] ids = new int[rows.length * length];
    for (int r = 0; r < rows.length; r++) {
      System.arraycopy(samples.sample(rows[r]), 0, ids, r * length, length);
    }
    BlockContext context = BlockContext.of(rows.length, length);
    off.reset();
    Tensor x = model.embed(ids, context, off);
    for (int i = 0; i <= blocks.size(); i++) {
      Tensor kept = states.keep(i, x, rows.length, length);
      off.reset();
      if (i < blocks.size()) {
        x = blocks.get(i).forward(kept, context, off);
      }
    }
    return states.last();
  }

  /**
   * The summed loss, logits of a few rows at a time.
   *
   * @param counted what gradients are divided by
   * @param d receives the gradient by {@code hidden}, or null
   */
  private double head(Tensor hidden, int[] targets, int counted, Tensor d) {
    int dim = hidden.dim(-1);
    int rows = hidden.rows();
    int most = Math.max(LEAST_ROWS, LOGITS / model.spec().vocab());
    double sum = 0;
    for (int from = 0; from < rows; from += most) {
      int count = Math.min(most, rows - from);
      Tensor x =
          Tensor.of(
              Arrays.copyOfRange(hidden.data(), from * dim, (from + count) * dim), count, dim);
      // One tape with and without gradients: each has floats of a packed head of its own.
      tape.reset();
      if (d != null) {
        tape.watch(x);
      }
      CrossEntropy loss =
          new CrossEntropy(model.head(x, tape), Arrays.copyOfRange(targets, from, from + count));
      Tensor y = tape.apply(loss);
      sum += loss.sum();
      if (d != null) {
        float share = (float) loss.counted() / counted;
        Gradients g = tape.backward(y, share);
        System.arraycopy(g.of(x).data(), 0, d.data(), from * dim, count * dim);
      }
      tape.reset();
    }
    return sum;
  }
}

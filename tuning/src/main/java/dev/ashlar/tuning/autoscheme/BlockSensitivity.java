package dev.ashlar.tuning.autoscheme;

import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.layer.DenseWeight;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.op.CrossEntropy;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.layerwise.RoundToNearest;
import dev.ashlar.tuning.method.Activations;
import dev.ashlar.tuning.method.LinearLayer;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.walk.ActivationStore;
import dev.ashlar.tuning.walk.BlockWalk;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleConsumer;

/**
 * How much a model minds that its layers are rounded: with every layer rounded to the nearest code
 * of one scheme, {@code Σ |∂L/∂W · (W − Ŵ)|} for each layer, L being the mean loss of the next
 * token (the score of AutoRound's AutoScheme); where inputs are rounded too, {@code Σ |∂L/∂x · (x −
 * x̂)|} is added.
 *
 * <p>One block's weights are in memory at a time. All samples go forward through the rounded
 * blocks, leaving what flows into each; then gradients go backward, block by block, each block
 * being run again from what flowed into it.
 */
final class BlockSensitivity {
  /** Samples of one loss: what the gradient is a mean over. */
  private static final int BATCH = 8;

  private final Decoder model;
  private final CalibrationSet data;
  private final ActivationStore store;
  private final Map<String, Double> scores = new LinkedHashMap<>();

  /**
   * @param store where hidden states of all blocks lie
   */
  BlockSensitivity(Decoder model, CalibrationSet data, ActivationStore store) {
    this.model = model;
    this.data = data;
    this.store = store;
  }

  /**
   * Scores of all layers of {@code schemes}.
   *
   * @param schemes by complete layer name; the others stay float
   * @param progress hears how much is done, of 1
   * @param check asked before each block
   */
  Map<String, Double> measure(
      Map<String, QuantScheme> schemes, DoubleConsumer progress, BlockWalk.Check check) {
    scores.clear();
    int blocks = model.blockCount();
    List<Activations> states = new ArrayList<>();
    try {
      BlockWalk walk = new BlockWalk(1, check);
      states.add(walk.embed(model, data.count(), data.length(), data::ids, store));
      for (int b = 0; b < blocks; b++) {
        Activations in = states.getLast();
        Activations out = store.zeros(in.count(), in.length(), in.dim());
        states.add(out);
        walk.passAnything(new Rounded(block(b), schemes).unit, in, out);
        progress.accept((b + 1.0) / (3 * blocks + 1));
      }
      // What comes out of the last block is not needed once the head has seen it.
      Activations gradient = states.getLast();
      Rounded head = new Rounded(Unit.head(model), schemes);
      backward(head, states.getLast(), gradient, true);
      for (int b = blocks - 1; b >= 0; b--) {
        check.proceed();
        backward(new Rounded(block(b), schemes), states.get(b), gradient, false);
        progress.accept((3.0 * blocks - 2 * b) / (3 * blocks + 1));
      }
    } finally {
      states.forEach(Activations::close);
    }
    Map<String, Double> found = new LinkedHashMap<>();
    schemes.keySet().forEach(name -> found.put(name, scores.getOrDefault(name, 0.0)));
    return found;
  }

  private Unit block(int i) {
    return Unit.of(List.of(model.loadBlock(i)));
  }

  /**
   * Takes gradients from behind a unit to before it, batch by batch, and scores its layers.
   *
   * @param gradient of what comes out, and afterwards of what went in
   * @param head whether what comes out are logits, whose gradient is that of the loss
   */
  private void backward(Rounded rounded, Activations in, Activations gradient, boolean head) {
    Tape tape = Tape.recording(model.backend());
    int length = in.length();
    for (int at = 0; at < in.count(); at += BATCH) {
      int batch = Math.min(BATCH, in.count() - at);
      rounded.clear();
      // Samples one by one, so that a long vocabulary's logits fit.
      for (int i = at; i < at + batch; i++) {
        tape.reset();
        Tensor x = tape.workspace().take(1, length, in.dim());
        in.read(i, 1, x);
        Tensor dx = tape.workspace().take(1, length, in.dim());
        tape.watch(x, dx, false);
        rounded.watch(tape, i > at);
        Tensor out = rounded.unit.forward(x, BlockContext.of(1, length), tape);
        if (head) {
          Tensor loss = tape.apply(new CrossEntropy(out, targets(data.sample(i))));
          tape.backward(loss, 1f / batch);
        } else {
          Tensor dOut = tape.workspace().take(1, length, gradient.dim());
          gradient.read(i, 1, dOut);
          tape.backward(out, dOut);
        }
        gradient.write(i, 1, dx);
      }
      rounded.score();
    }
    tape.reset();
  }

  private static int[] targets(int[] sample) {
    int[] targets = new int[sample.length];
    System.arraycopy(sample, 1, targets, 0, sample.length - 1);
    targets[sample.length - 1] = -1;
    return targets;
  }

  /** A unit with rounded weights, and what is known of each. */
  private final class Rounded {
    private record Layer(String name, Tensor rounded, Tensor difference, Tensor gradient) {}

    private final List<Layer> layers = new ArrayList<>();
    private final Unit unit;

    Rounded(Unit original, Map<String, QuantScheme> schemes) {
      unit =
          original.mapWeights(
              (name, weight) -> {
                QuantScheme scheme = schemes.get(name);
                boolean rounds = scheme != null && !scheme.isFloat();
                Optional<Tensor> floats = rounds ? weight.floats() : Optional.empty();
                if (floats.isEmpty()) {
                  return weight;
                }
                Tensor w = floats.get();
                LinearLayer layer = new LinearLayer(name, w, scheme, model.backend());
                Tensor q = RoundToNearest.quantize(layer).dequantize();
                Tensor difference = Tensor.zeros(w.shape());
                for (int i = 0; i < w.size(); i++) {
                  difference.data()[i] = w.data()[i] - q.data()[i];
                }
                layers.add(new Layer(name, q, difference, Tensor.zeros(w.shape())));
                Weight coarse = new DenseWeight(q);
                return scheme
                    .activations()
                    .<Weight>map(a -> new ScoredInputs(coarse, a, s -> add(name, s)))
                    .orElse(coarse);
              });
    }

    void clear() {
      layers.forEach(l -> Arrays.fill(l.gradient().data(), 0f));
    }

    void watch(Tape tape, boolean accumulate) {
      layers.forEach(l -> tape.watch(l.rounded(), l.gradient(), accumulate));
    }

    void score() {
      for (Layer l : layers) {
        add(l.name(), product(l.gradient(), l.difference()));
      }
    }

    private void add(String layer, double score) {
      scores.merge(layer, score, Double::sum);
    }
  }

  /** {@code Σ |a·b|} of {@code [rows, in]}, summed by rows in order. */
  static double product(Tensor a, Tensor b) {
    int in = a.dim(-1);
    double[] rows = new double[a.rows()];
    Parallel.rows(
        rows.length,
        Math.max(1, (1 << 14) / in),
        (from, to) -> {
          for (int r = from; r < to; r++) {
            double sum = 0;
            for (int i = r * in; i < (r + 1) * in; i++) {
              sum += Math.abs((double) a.data()[i] * b.data()[i]);
            }
            rows[r] = sum;
          }
        });
    double sum = 0;
    for (double row : rows) {
      sum += row;
    }
    return sum;
  }
}

package dev.ashlar.tuning.finish;

import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tuning.method.UnitResult;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Final norm and output map of a quantized model, of which the norm is tuned, and the loss against
 * the float model's: logits of a few rows at a time.
 */
final class TunedHead {
  /** Rows whose logits are in memory at once. */
  private static final int ROWS = 128;

  /** Logits of both models, both softmaxes, and the gradient. */
  private static final int COPIES = 5;

  private final Decoder model;
  private final Decoder tuned;
  private final Map<String, TunedTensor> norms = new LinkedHashMap<>();
  private final Tape tape;
  private final double labels;

  /**
   * @param model the float model
   * @param present the same with what was quantized or changed of its head
   * @param norm whether a tensor is a norm's weight, by complete checkpoint name
   * @param labels what share of the loss the text's own tokens have
   */
  TunedHead(Decoder model, Decoder present, Predicate<String> norm, double labels) {
    this.model = model;
    this.labels = labels;
    this.tape = Tape.recording(model.backend());
    this.tuned =
        present.mapHeadTensors(
            (name, t) -> {
              if (!norm.test(name)) {
                return t;
              }
              TunedTensor own = new TunedTensor(t.copy());
              norms.put(name, own);
              return own.tensor();
            });
  }

  /** What the logits of some rows take. */
  static long workingBytes(int vocab) {
    return (long) COPIES * ROWS * vocab * Float.BYTES;
  }

  /**
   * The summed loss of the present predictions.
   *
   * @param hidden {@code [.., dim]} behind the last block
   * @param teacher the float model's, shaped alike
   * @param next the token behind each, or {@link DistillationLoss#NOTHING}
   * @param d receives the gradient of the mean by {@code hidden}, or null
   */
  DistillationLoss.Sums loss(Tensor hidden, Tensor teacher, int[] next, Tensor d) {
    int dim = hidden.dim(-1);
    int rows = hidden.rows();
    norms.values().forEach(TunedTensor::clear);
    DistillationLoss.Sums sums = DistillationLoss.Sums.NONE;
    for (int first = 0; first < rows; first += ROWS) {
      int count = Math.min(ROWS, rows - first);
      tape.reset();
      Tensor x = part(hidden, first, count, dim);
      Tensor t = part(teacher, first, count, dim);
      Tensor wanted = model.head(t, tape);
      if (d != null) {
        tape.watch(x);
        norms.values().forEach(n -> n.watch(tape, true));
      }
      int[] behind = Arrays.copyOfRange(next, first, first + count);
      DistillationLoss loss = new DistillationLoss(tuned.head(x, tape), wanted, behind, labels);
      Tensor y = tape.apply(loss);
      sums = sums.plus(loss.sums());
      if (d != null) {
        Gradients g = tape.backward(y, 1f / rows);
        System.arraycopy(g.of(x).data(), 0, d.data(), first * dim, count * dim);
      }
    }
    tape.reset();
    return sums;
  }

  private static Tensor part(Tensor x, int first, int count, int dim) {
    return Tensor.of(Arrays.copyOfRange(x.data(), first * dim, (first + count) * dim), count, dim);
  }

  /** A step by the gradients of the last {@link #loss}. */
  void step(float rate) {
    norms.values().forEach(n -> n.step(rate));
  }

  /** What is no longer as it was. */
  UnitResult result() {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    norms.forEach((name, n) -> tensors.put(name, n.tensor()));
    return UnitResult.of(Map.of()).withTensors(tensors);
  }
}

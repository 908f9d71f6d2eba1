package dev.ashlar.tuning.finish;

import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.layer.DenseWeight;
import dev.ashlar.nn.layer.RoundingWeight;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.Workspace;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.method.FinishTask;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.method.UnitResult;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;

/** A quantized unit whose scales and norm weights are tuned; between uses it holds no floats. */
final class TunedUnit {
  private final UnitResult before;
  private final Unit unit;
  private final Map<String, CodedWeight> weights = new LinkedHashMap<>();
  private final Map<String, TunedTensor> norms = new LinkedHashMap<>();
  private final Workspace buffers;

  /**
   * @param norm whether a tensor is a norm's weight, by complete checkpoint name
   * @param buffers for floats of weights, shared by all units, of which one is used at a time
   */
  TunedUnit(FinishTask.Part part, Predicate<String> norm, Workspace buffers) {
    this.before = part.result();
    this.buffers = buffers;
    Unit floats = part.load().get();
    UnitResult changed = before;
    Unit coded =
        floats.mapWeights(
            (name, weight) -> {
              QuantizedMatrix q = changed.layers().get(name);
              Tensor other = changed.tensors().get(name + ".weight");
              if (q == null) {
                return other == null ? weight : new DenseWeight(other);
              }
              if (!CodedWeight.fits(q)) {
                return RoundingWeight.of(new DenseWeight(q.dequantize()), q.inputs());
              }
              CodedWeight w = new CodedWeight(q);
              weights.put(name, w);
              return RoundingWeight.of(w, q.inputs());
            });
    this.unit =
        coded.mapTensors(
            (name, t) -> {
              Tensor present = changed.tensors().getOrDefault(name, t);
              // A unit that was left float stays as it is.
              if (changed.layers().isEmpty() || !norm.test(name)) {
                return present;
              }
              TunedTensor tuned = new TunedTensor(present.copy());
              norms.put(name, tuned);
              return tuned.tensor();
            });
  }

  int fewestBits() {
    return weights.values().stream().mapToInt(CodedWeight::bits).min().orElse(Integer.MAX_VALUE);
  }

  /** The unit's output for {@code hidden}, in a buffer of the tape's. */
  Tensor forward(Tensor hidden, BlockContext context, Tape tape) {
    buffers.release(0, null);
    weights.values().forEach(w -> w.build(buffers));
    return unit.forward(hidden, context, tape);
  }

  /**
   * Runs the unit once more, and steps by the gradients that come back through it.
   *
   * @param d the gradient of its output
   * @return that of its input, valid until the tape is reset
   */
  Tensor step(
      Tensor hidden, Tensor d, BlockContext context, Tape tape, EndToEndOptions options, Rates r) {
    tape.reset();
    buffers.release(0, null);
    for (CodedWeight w : weights.values()) {
      w.build(buffers);
      w.watch(tape, buffers);
    }
    norms.values().forEach(n -> n.watch(tape, false));
    tape.watch(hidden);
    Tensor out = unit.forward(hidden, context, tape);
    Gradients g = tape.backward(out, d);
    weights.values().forEach(w -> w.step(g, options.rate(w.bits()) * r.share()));
    norms.values().forEach(n -> n.step(g, r.norms() * r.share()));
    return g.of(hidden);
  }

  /**
   * How far a step goes.
   *
   * @param share of the first steps' rates
   * @param norms first step of norm weights
   */
  record Rates(float share, float norms) {}

  /** The unit as tuned. */
  UnitResult result() {
    Map<String, QuantizedMatrix> layers = new LinkedHashMap<>();
    weights.forEach((name, w) -> layers.put(name, w.result()));
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    norms.forEach((name, n) -> tensors.put(name, n.tensor()));
    return before
        .and(UnitResult.of(layers).withTensors(tensors))
        .inOrderOf(before.layers().keySet());
  }
}

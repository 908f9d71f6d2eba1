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
import dev.ashlar.tuning.method.UnitSize;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;

/**
 * A quantized unit whose scales and norm weights are tuned. Between uses it holds no floats, unless
 * it was asked to {@link #keep} what a pass leaves until the gradient comes.
 */
final class TunedUnit {
  private final UnitResult before;
  private final Unit unit;
  private final Map<String, CodedWeight> weights = new LinkedHashMap<>();
  private final Map<String, TunedTensor> norms = new LinkedHashMap<>();
  private final Shared shared;

  /** Floats of weights, and what the last pass left: the shared ones, or the unit's own. */
  private Workspace floats;

  private Tape tape;
  private Tensor in;
  private Tensor out;

  /**
   * What units have that are used one at a time.
   *
   * @param floats buffers for floats of weights
   * @param gradients buffers for their gradients
   * @param tape records the pass that gradients go back through
   */
  record Shared(Workspace floats, Workspace gradients, Tape tape) {}

  /**
   * @param norm whether a tensor is a norm's weight, by complete checkpoint name
   */
  TunedUnit(FinishTask.Part part, Predicate<String> norm, Shared shared) {
    this.before = part.result();
    this.shared = shared;
    this.floats = shared.floats();
    this.tape = shared.tape();
    Unit original = part.load().get();
    UnitResult changed = before;
    Unit coded =
        original.mapWeights(
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

  /**
   * About how many bytes the unit takes if it keeps what a pass leaves.
   *
   * @param tokens of the pass
   * @param dim of the hidden state
   */
  long keptBytes(long tokens, int dim) {
    long elements = 0;
    long widths = 0;
    for (CodedWeight w : weights.values()) {
      elements += (long) w.out() * w.in();
      widths += w.out();
    }
    UnitSize size = new UnitSize(elements, widths, dim);
    return size.floatBytes() + size.passBytes(tokens);
  }

  /** From now on {@link #back} does not run the unit once more, for room of its own. */
  void keep() {
    floats = new Workspace();
    tape = Tape.recording(shared.tape().backend());
  }

  /** The unit's output for {@code hidden}, in a buffer of the tape's. */
  Tensor forward(Tensor hidden, BlockContext context, Tape off) {
    floats.release(0, null);
    weights.values().forEach(w -> w.build(floats));
    return unit.forward(hidden, context, off);
  }

  /**
   * The same, to go back through: the output is valid until the next unit is run that keeps
   * nothing.
   *
   * @param hidden unchanged until {@link #back}
   */
  Tensor pass(Tensor hidden, BlockContext context) {
    tape.reset();
    floats.release(0, null);
    for (CodedWeight w : weights.values()) {
      w.build(floats);
      w.watch(tape);
    }
    norms.values().forEach(n -> n.watch(tape, false));
    tape.watch(hidden);
    in = hidden;
    out = unit.forward(hidden, context, tape);
    return out;
  }

  /**
   * Steps by the gradients that come back through what was passed last, which is done once more if
   * it was not kept.
   *
   * @param d the gradient of the output
   * @return that of the input, valid until the next pass
   */
  Tensor back(Tensor d, BlockContext context, EndToEndOptions options, Rates r) {
    if (tape == shared.tape()) {
      pass(in, context);
    }
    shared.gradients().release(0, null);
    weights.values().forEach(w -> w.watch(tape, shared.gradients()));
    Gradients g = tape.backward(out, d);
    weights.values().forEach(w -> w.step(g, options.rate(w.bits()) * r.share()));
    norms.values().forEach(n -> n.step(g, r.norms() * r.share()));
    return g.of(in);
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

package dev.ashlar.tuning;

import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.layer.DenseWeight;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.quant.QuantizedTensor;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.method.Activations;
import dev.ashlar.tuning.method.Finite;
import dev.ashlar.tuning.method.Targets;
import dev.ashlar.tuning.method.Unit;
import java.util.Map;

/**
 * The two streams of activations that move through the network (algorithm specification 4.4): the
 * float one gives the targets, the quantized one the inputs.
 */
final class Streams {
  private final CalibrationSet data;
  private final int batchSize;
  private final boolean cascade;
  private final Tape tape = Tape.off();
  private Activations floats;
  private Activations quantized;
  private Activations targets;
  private Activations spare;

  /**
   * Embeds all samples.
   *
   * @param cascade whether there is a quantized stream
   */
  Streams(Decoder model, CalibrationSet data, int batchSize, boolean cascade) {
    this.data = data;
    this.batchSize = batchSize;
    this.cascade = cascade;
    this.floats = Activations.zeros(data.count(), data.length(), model.spec().dim());
    for (int at = 0; at < data.count(); at += batchSize) {
      int count = Math.min(batchSize, data.count() - at);
      BlockContext context = BlockContext.of(count, data.length());
      Tensor x = model.embed(data.ids(at, count), context, tape);
      Finite.requireActivations("embedding", x, at, data.length(), tape.backend());
      floats.write(at, count, x);
      tape.reset();
    }
  }

  /** What flows into the present unit when it is tuned. */
  Activations inputs() {
    return quantized == null ? floats : quantized;
  }

  /** The float unit's outputs for float inputs; call before {@link #advance}. */
  Activations targets(Unit unit) {
    // Float inputs that are also the inputs of the tuning are needed once more; others are not.
    if (quantized != null) {
      targets = floats;
    } else {
      targets =
          spare == null ? Activations.zeros(data.count(), data.length(), floats.dim()) : spare;
    }
    pass(unit, floats, targets, false);
    return targets;
  }

  /**
   * Moves on to the next unit. Without {@link #targets} there is one stream only: the quantized one
   * if there is a cascade, else the float one.
   */
  void advance(Unit unit, Map<String, QuantizedTensor> layers) {
    if (targets == null) {
      pass(cascade ? dequantized(unit, layers) : unit, floats, floats, cascade);
      return;
    }
    if (cascade) {
      Activations next = inputs();
      pass(dequantized(unit, layers), next, next, true);
      quantized = next;
    } else {
      spare = floats;
    }
    floats = targets;
    targets = null;
  }

  private static Unit dequantized(Unit unit, Map<String, QuantizedTensor> layers) {
    return unit.mapWeights(
        (name, weight) -> {
          QuantizedTensor q = layers.get(name);
          return q == null ? weight : new DenseWeight(q.dequantize());
        });
  }

  private void pass(Unit unit, Activations in, Activations out, boolean quantizedUnit) {
    StreamPass event = new StreamPass();
    event.begin();
    Tensor x = Tensor.zeros(batchSize, data.length(), in.dim());
    for (int at = 0; at < data.count(); at += batchSize) {
      int count = Math.min(batchSize, data.count() - at);
      Tensor batch = Tensor.of(x.data(), count, data.length(), in.dim());
      in.read(at, count, batch);
      Tensor y = unit.forward(batch, BlockContext.of(count, data.length()), tape);
      Finite.requireActivations(
          unit.name() + (quantizedUnit ? " (quantized)" : ""),
          y,
          at,
          data.length(),
          tape.backend());
      out.write(at, count, y);
      tape.reset();
    }
    event.name = unit.name();
    event.quantized = quantizedUnit;
    event.commit();
  }

  /**
   * What the float head puts out for the float stream, computed when it is asked for: logits of all
   * samples would not fit in memory.
   */
  Targets headTargets(Unit head, int vocab) {
    Activations hidden = floats;
    Tape own = Tape.off();
    return new Targets() {
      @Override
      public int dim() {
        return vocab;
      }

      @Override
      public void gather(int[] rows, int from, int count, Tensor into) {
        Tensor x = own.workspace().take(count, hidden.length(), hidden.dim());
        hidden.gather(rows, from, count, x);
        Tensor y = head.forward(x, BlockContext.of(count, hidden.length()), own);
        System.arraycopy(y.data(), 0, into.data(), 0, y.size());
        own.reset();
      }
    };
  }
}

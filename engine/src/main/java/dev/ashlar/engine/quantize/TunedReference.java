package dev.ashlar.engine.quantize;

import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.layer.FrozenWeight;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.LayerSink;
import dev.ashlar.tuning.UnitPlan;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.method.Activations;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.method.UnitResult;
import dev.ashlar.tuning.walk.ActivationStore;
import dev.ashlar.tuning.walk.BlockWalk;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The logits of the quantized model on a few tokens, computed from the codes themselves while they
 * are made: what a written folder must reproduce. Holds one unit at a time.
 */
final class TunedReference implements LayerSink {
  private static final int SAMPLES = 2;
  private static final int TOKENS = 64;

  private final boolean experts;
  private final int[] ids;
  private final int batch;
  private final BlockWalk walk;
  private final Map<String, QuantizedMatrix> layers = new LinkedHashMap<>();
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private final Activations hidden;

  /** The float model; null once nothing is asked of it any more. */
  private Decoder model;

  /** Of the quantized model; null before they are asked for. */
  private float[] logits;

  /**
   * @param model the float model
   * @param ids tokens {@code [batch·length]}
   */
  TunedReference(Decoder model, int[] ids, int batch) {
    this.model = model;
    this.experts =
        model.spec().blocks().stream()
            .anyMatch(b -> b.feedForward() instanceof FeedForwardSpec.Experts);
    this.ids = ids;
    this.batch = batch;
    this.walk = new BlockWalk(batch, BlockWalk.Check.NONE);
    this.hidden = embedded(model);
  }

  /**
   * On the first tokens of the calibration data.
   *
   * @param model the float model
   * @param data may be empty: then any tokens do
   */
  static TunedReference of(Decoder model, CalibrationSet data) {
    boolean none = data.count() == 0;
    int batch = none ? SAMPLES : Math.min(SAMPLES, data.count());
    int length = none ? TOKENS : Math.min(TOKENS, data.length());
    int[] ids = new int[batch * length];
    for (int i = 0; i < ids.length; i++) {
      // The stride shares no factor with usual vocabularies.
      ids[i] =
          none ? (int) (7919L * i % model.spec().vocab()) : data.sample(i / length)[i % length];
    }
    return new TunedReference(model, ids, batch);
  }

  private Activations embedded(Decoder decoder) {
    int length = ids.length / batch;
    BlockWalk.Rows rows =
        (first, n) -> Arrays.copyOfRange(ids, first * length, (first + n) * length);
    return walk.embed(decoder, batch, length, rows, ActivationStore.heap());
  }

  /** Whether tokens are routed to experts. */
  boolean hasExperts() {
    return experts;
  }

  @Override
  public void quantized(String module, QuantizedMatrix tensor) {
    layers.put(module, tensor);
  }

  @Override
  public void changed(String name, Tensor tensor) {
    tensors.put(name, tensor);
  }

  /**
   * Everything of that unit was given.
   *
   * @param floats the unit as the model has it; read once more if it is not there
   */
  void finished(UnitPlan.Entry unit, Optional<Unit> floats) {
    if (!unit.head()) {
      walk.passAnything(tuned(floats.orElseGet(() -> unit.load(model))), hidden, hidden);
      layers.clear();
      tensors.clear();
    }
  }

  /** The unit as it was given: floats of one matrix at a time are made of the codes. */
  private Unit tuned(Unit unit) {
    return unit.with(UnitResult.of(Map.of()).withTensors(tensors))
        .mapWeights(
            (name, weight) -> {
              QuantizedMatrix codes = layers.get(name);
              return codes == null ? weight : FrozenWeight.of(codes);
            });
  }

  /**
   * Takes the logits, after the last unit, and lets go of the float model: its embedding need not
   * lie beside that of the model it is compared with.
   */
  void settle() {
    if (logits == null) {
      logits = logits(tuned(Unit.head(model)), hidden);
      model = null;
    }
  }

  /** How another model's logits differ from these, after the last unit. */
  LogitError compare(Decoder other) {
    settle();
    Activations found = embedded(other);
    for (int i = 0; i < other.blockCount(); i++) {
      walk.passAnything(Unit.of(List.of(other.loadBlock(i))), found, found);
    }
    return LogitError.of(logits, logits(Unit.head(other), found), ids.length);
  }

  /** The logits {@code [batch·length·vocab]}. */
  private float[] logits(Unit head, Activations states) {
    Tensor x = Tensor.zeros(batch, states.length(), states.dim());
    states.read(0, batch, x);
    Tensor y = head.forward(x, BlockContext.of(batch, states.length()), Tape.off(head.backend()));
    return Arrays.copyOf(y.data(), y.size());
  }
}

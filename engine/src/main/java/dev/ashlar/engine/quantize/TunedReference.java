package dev.ashlar.engine.quantize;

import dev.ashlar.nn.decoder.Block;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.layer.DenseWeight;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.quant.QuantizedTensor;
import dev.ashlar.tuning.LayerSink;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * The logits of the quantized model on a few tokens, computed from the codes themselves while they
 * are made: what a written folder must reproduce. Holds one block at a time.
 */
final class TunedReference implements LayerSink {
  private final Decoder model;
  private final int[] ids;
  private final BlockContext context;
  private final Tape tape = Tape.off();
  private final Map<String, QuantizedTensor> layers = new HashMap<>();
  private Tensor hidden;
  private int block;
  private float[] logits;

  /**
   * @param model the float model
   * @param ids tokens {@code [batch·length]}
   */
  TunedReference(Decoder model, int[] ids, int batch) {
    this.model = model;
    this.ids = ids;
    this.context = BlockContext.of(batch, ids.length / batch);
    this.hidden = detached(model.embed(ids, context, tape));
    tape.reset();
  }

  /** Whether tokens are routed to experts. */
  boolean hasExperts() {
    return model.spec().blocks().stream()
        .anyMatch(b -> b.feedForward() instanceof FeedForwardSpec.Experts);
  }

  @Override
  public void quantized(String module, QuantizedTensor tensor) {
    layers.put(module, tensor);
    // Layers come in the model's order: one of a later block means that those before are complete.
    while (block < model.blockCount() && isBeyond(module, block)) {
      passBlock();
    }
  }

  private boolean isBeyond(String module, int index) {
    for (int i = index + 1; i < model.blockCount(); i++) {
      if (module.startsWith(model.spec().blocks().get(i).name() + ".")) {
        return true;
      }
    }
    return false;
  }

  private void passBlock() {
    Block tuned = model.loadBlock(block).mapWeights((name, w) -> weight(blockName() + name, w));
    hidden = detached(tuned.forward(hidden, context, tape));
    tape.reset();
    String prefix = blockName();
    layers.keySet().removeIf(name -> name.startsWith(prefix));
    block++;
  }

  private String blockName() {
    return model.spec().blocks().get(block).name() + ".";
  }

  private Weight weight(String name, Weight present) {
    QuantizedTensor q = layers.get(name);
    return q == null ? present : new DenseWeight(q.dequantize());
  }

  /** How another model's logits differ from these, after the last layer was given. */
  LogitError compare(Decoder other) {
    if (logits == null) {
      logits = logits();
    }
    float[] found = other.forward(ids, context, Tape.off()).data();
    return LogitError.of(logits, found, ids.length);
  }

  /** The logits {@code [batch·length·vocab]}. */
  private float[] logits() {
    while (block < model.blockCount()) {
      passBlock();
    }
    Decoder headed = model.mapHead(this::weight);
    float[] logits = headed.head(hidden, tape).data();
    float[] result = Arrays.copyOf(logits, ids.length * model.spec().vocab());
    tape.reset();
    return result;
  }

  private static Tensor detached(Tensor t) {
    Tensor copy = Tensor.zeros(t.shape());
    System.arraycopy(t.data(), 0, copy.data(), 0, t.size());
    return copy;
  }
}

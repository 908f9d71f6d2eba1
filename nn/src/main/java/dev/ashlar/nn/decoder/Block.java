package dev.ashlar.nn.decoder;

import dev.ashlar.nn.layer.Weight;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;

/** One block of a decoder with its weights: the unit in which models are quantized. */
public interface Block {
  /** Its place, from 0. */
  int index();

  /** Complete module name, for example {@code model.layers.0}. */
  String name();

  /**
   * The block's output for {@code hidden [batch, length, dim]}, in the same shape and in a buffer
   * of the tape's workspace.
   */
  Tensor forward(Tensor hidden, BlockContext context, Tape tape);

  /**
   * A new block whose linear maps have the weights that {@code f} gives for them; this one does not
   * change. Everything else is shared.
   *
   * @param f from the name relative to the block ({@code self_attn.q_proj}) and the present weight;
   *     called in the order in which the block uses them
   */
  Block mapWeights(BiFunction<String, Weight, Weight> f);

  /** Gives {@code f} the block's other tensors (norms, biases) by relative checkpoint name. */
  void forEachTensor(BiConsumer<String, Tensor> f);
}

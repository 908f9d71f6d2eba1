package dev.ashlar.nn.decoder;

import dev.ashlar.nn.layer.Linear;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.Backend;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;

/** One block of a decoder with its weights: the unit in which models are quantized. */
public interface Block {
  /** Its place, from 0. */
  int index();

  /** Complete module name, for example {@code model.layers.0}. */
  String name();

  /** What it is made of, for those who run it by other means; empty where nobody says. */
  default Optional<BlockSpec> spec() {
    return Optional.empty();
  }

  /** What it was loaded for: tapes that run it should be on the same. */
  Backend backend();

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

  /**
   * A new block whose other tensors (norms, biases, routers) are those that {@code f} gives for
   * them, in the same shapes; this one does not change. Weights of linear maps are shared.
   *
   * @param f from the checkpoint name relative to the block ({@code input_layernorm.weight}) and
   *     the present tensor
   */
  Block mapTensors(BiFunction<String, Tensor, Tensor> f);

  /** Gives {@code f} the tensors that {@link #mapTensors} offers. */
  default void forEachTensor(BiConsumer<String, Tensor> f) {
    mapTensors(Linear.visiting(f));
  }

  /**
   * Names of the linear maps, in the order in which the block uses them, those together that read
   * the same input: queries, keys and values; gate and up.
   */
  default List<List<String>> sharedInputs() {
    List<List<String>> alone = new ArrayList<>();
    mapWeights(
        (name, weight) -> {
          alone.add(List.of(name));
          return weight;
        });
    return alone;
  }

  /**
   * What puts out the inputs of the linear maps, so that factors can be moved; names are relative
   * to the block. Empty where that is not known.
   */
  default List<Folding> foldings() {
    return List.of();
  }

  /**
   * The groups of {@link #sharedInputs} by steps: those of one step do not see what the others of
   * it put out.
   */
  default List<List<List<String>>> steps() {
    return sharedInputs().stream().map(List::of).toList();
  }

  /**
   * The linear maps whose outputs are added to the residual stream, in order; see {@link
   * BlockSpec#additions}. None where a block does not say.
   */
  default List<StreamAddition> additions() {
    return List.of();
  }

  /**
   * What the block runs between its additions to the residual stream, in order, by names relative
   * to it: attention and feed-forward. None where a block does not say.
   */
  default List<BlockModule> modules() {
    return List.of();
  }

  /**
   * {@link #forward(Tensor, BlockContext, Tape)} with somebody who sees what flows into each of
   * {@link #modules}.
   */
  default Tensor forward(
      Tensor hidden, BlockContext context, Tape tape, BlockModule.Watcher watcher) {
    return forward(hidden, context, tape);
  }
}

package dev.ashlar.nn.layer;

import dev.ashlar.nn.op.ConcatColumns;
import dev.ashlar.nn.op.ScaleColumns;
import dev.ashlar.nn.op.SelectChunks;
import dev.ashlar.nn.op.Shift;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.op.LayerNormalize;
import dev.ashlar.tensor.autograd.op.RmsNormalize;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;

/**
 * Normalization of rows of {@code dim} elements, which must divide the input's innermost extent.
 */
public sealed interface Norm {
  /** {@code x} normalized, in the same shape. */
  Tensor forward(Tensor x, Tape tape);

  /** The same with the tensors that {@code f} gives for checkpoint name and present tensor. */
  Norm mapTensors(BiFunction<String, Tensor, Tensor> f);

  /** Gives {@code f} the tensors under their checkpoint names. */
  default void forEachTensor(BiConsumer<String, Tensor> f) {
    mapTensors(Linear.visiting(f));
  }

  /**
   * Root-mean-square norm.
   *
   * @param name module name
   * @param weight {@code [dim]} as stored
   * @param offset added to the stored weight: 1 for families that store {@code weight − 1}
   */
  record Rms(String name, Tensor weight, float eps, float offset) implements Norm {
    @Override
    public Tensor forward(Tensor x, Tape tape) {
      return tape.apply(new RmsNormalize(x, shifted(weight, offset, tape), eps));
    }

    @Override
    public Norm mapTensors(BiFunction<String, Tensor, Tensor> f) {
      return new Rms(name, f.apply(name + ".weight", weight), eps, offset);
    }
  }

  /**
   * Layer norm.
   *
   * @param name module name
   * @param weight {@code [dim]} as stored, or null
   * @param bias {@code [dim]} or null
   * @param offset added to the stored weight
   */
  record Layer(String name, Tensor weight, Tensor bias, int dim, float eps, float offset)
      implements Norm {
    @Override
    public Tensor forward(Tensor x, Tape tape) {
      return tape.apply(new LayerNormalize(x, shifted(weight, offset, tape), bias, dim, eps));
    }

    @Override
    public Norm mapTensors(BiFunction<String, Tensor, Tensor> f) {
      Tensor w = weight == null ? null : f.apply(name + ".weight", weight);
      Tensor b = bias == null ? null : f.apply(name + ".bias", bias);
      return new Layer(name, w, b, dim, eps, offset);
    }
  }

  /**
   * Layer norm of every head with weights of its own.
   *
   * @param name module name
   * @param weight {@code [heads, dim]}
   */
  record PerHead(String name, Tensor weight, int dim, float eps) implements Norm {
    @Override
    public Tensor forward(Tensor x, Tape tape) {
      return tape.apply(
          new ScaleColumns(tape.apply(new LayerNormalize(x, null, null, dim, eps)), weight));
    }

    @Override
    public Norm mapTensors(BiFunction<String, Tensor, Tensor> f) {
      return new PerHead(name, f.apply(name + ".weight", weight), dim, eps);
    }
  }

  /**
   * The same with a tensor per head.
   *
   * @param name module name of the list
   * @param weights {@code [dim]} for each head
   */
  record Listed(String name, List<Tensor> weights, int dim, float eps) implements Norm {
    @Override
    public Tensor forward(Tensor x, Tape tape) {
      List<Tensor> heads = new ArrayList<>();
      for (int h = 0; h < weights.size(); h++) {
        Tensor head = tape.apply(new SelectChunks(x, dim, new int[] {h}));
        heads.add(tape.apply(new LayerNormalize(head, weights.get(h), null, dim, eps)));
      }
      return tape.apply(new ConcatColumns(heads));
    }

    @Override
    public Norm mapTensors(BiFunction<String, Tensor, Tensor> f) {
      List<Tensor> mapped = new ArrayList<>();
      for (int h = 0; h < weights.size(); h++) {
        mapped.add(f.apply(name + "." + h + ".weight", weights.get(h)));
      }
      return new Listed(name, mapped, dim, eps);
    }
  }

  private static Tensor shifted(Tensor weight, float offset, Tape tape) {
    return weight == null || offset == 0 ? weight : tape.apply(new Shift(weight, offset));
  }
}

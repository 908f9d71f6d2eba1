package dev.ashlar.nn.layer;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.op.AddLowRank;
import dev.ashlar.tensor.autograd.op.MatMul;
import dev.ashlar.tensor.autograd.op.Scale;
import java.util.Locale;

/**
 * A weight with a change of low rank beside it (LoRA; Hu et al., arXiv 2106.09685, equation 3):
 * {@code y = x·wᵀ + scale·(x·downᵀ)·upᵀ}. The weight stays what it is, packed or dense; gradients
 * flow to both factors.
 *
 * @param inner the weight {@code [out, in]}
 * @param down {@code [rank, in]}, shared and not copied
 * @param up {@code [out, rank]}, shared and not copied
 */
public record LowRankWeight(Weight inner, Tensor down, Tensor up, float scale)
    implements WrappedWeight {
  public LowRankWeight {
    if (down.shape().rank() != 2
        || up.shape().rank() != 2
        || down.dim(1) != inner.in()
        || up.dim(0) != inner.out()
        || down.dim(0) != up.dim(1)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "factors %s and %s beside a [%d, %d] weight",
              up.shape(),
              down.shape(),
              inner.out(),
              inner.in()));
    }
  }

  @Override
  public Tensor multiply(Tensor x, Tape tape) {
    Tensor y = inner.multiply(x, tape);
    Tensor narrow = tape.apply(new Scale(tape.apply(new MatMul(x, down)), scale));
    return tape.apply(new AddLowRank(y, narrow, up));
  }
}

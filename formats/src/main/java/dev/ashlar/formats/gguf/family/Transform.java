package dev.ashlar.formats.gguf.family;

import dev.ashlar.tensor.weights.StoredTensor;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * What distinguishes tensors of a GGUF file from those of Hugging Face that they were made of, in
 * both directions; each undoes the other. Results are views: nothing is read before they are, and
 * they are as long valid as what they were made of. {@link Transforms} has them all.
 */
public interface Transform {
  /**
   * Tensors as Hugging Face has them.
   *
   * @param gguf all that belong together, in the order of the mapping
   * @throws FamilyException if a shape does not fit
   */
  List<StoredTensor> toHuggingFace(List<StoredTensor> gguf);

  /**
   * Tensors as GGUF has them. Where whole rows move and one matrix remains one, {@link
   * StoredTensor#quantized} keeps its codes; of several that are put below each other, {@link
   * RowView} tells where each row comes from.
   *
   * @param huggingFace all that belong together, in the order of the mapping
   * @throws FamilyException if a shape does not fit
   */
  List<StoredTensor> toGguf(List<StoredTensor> huggingFace);

  /**
   * What it is for the bias of a map whose weight it is for: the same, unless it says otherwise.
   */
  default Transform ofBias() {
    return this;
  }

  /** Of one tensor, which is another on the other side. */
  static Transform ofOne(
      UnaryOperator<StoredTensor> toHuggingFace, UnaryOperator<StoredTensor> toGguf) {
    return new Transform() {
      @Override
      public List<StoredTensor> toHuggingFace(List<StoredTensor> gguf) {
        return List.of(toHuggingFace.apply(gguf.getFirst()));
      }

      @Override
      public List<StoredTensor> toGguf(List<StoredTensor> huggingFace) {
        return List.of(toGguf.apply(huggingFace.getFirst()));
      }
    };
  }
}

package dev.ashlar.formats.gguf.family;

import dev.ashlar.tensor.weights.StoredTensor;
import java.util.List;
import java.util.function.LongUnaryOperator;

/** What converters do to tensors. */
final class Transforms {
  /** Nothing. */
  static final Transform SAME =
      new Transform() {
        @Override
        public List<StoredTensor> toHuggingFace(List<StoredTensor> gguf) {
          return gguf;
        }

        @Override
        public List<StoredTensor> toGguf(List<StoredTensor> huggingFace) {
          return huggingFace;
        }
      };

  private Transforms() {}

  /**
   * Rows of queries or keys for a rotation of neighbouring elements: GGUF has {@code (head, i,
   * half)} where Hugging Face has {@code (head, half, i)}.
   *
   * @param heads how many heads
   * @param headDim rows of a head
   */
  static Transform rotaryRows(int heads, int headDim) {
    int half = headDim / 2;
    LongUnaryOperator toHuggingFace =
        row -> row - row % headDim + row % headDim % half * 2 + row % headDim / half;
    LongUnaryOperator toGguf =
        row -> row - row % headDim + row % headDim % 2 * half + row % headDim / 2;
    return new Transform() {
      @Override
      public List<StoredTensor> toHuggingFace(List<StoredTensor> gguf) {
        return List.of(moved(gguf.getFirst(), toHuggingFace));
      }

      @Override
      public List<StoredTensor> toGguf(List<StoredTensor> huggingFace) {
        return List.of(moved(huggingFace.getFirst(), toGguf));
      }

      private StoredTensor moved(StoredTensor t, LongUnaryOperator order) {
        long rows = t.shape().rank() == 0 ? 1 : t.shape().dim(0);
        // Divided, not multiplied: the counts come from the file and could overflow.
        if (rows == 0 || headDim % 2 != 0 || rows % headDim != 0 || rows / headDim != heads) {
          throw new FamilyException(
              t.name(), "the rows of " + heads + " heads of " + headDim, rows + " rows");
        }
        return new RowView(t.shape(), List.of(t), t.shape().size() / rows, order);
      }
    };
  }
}

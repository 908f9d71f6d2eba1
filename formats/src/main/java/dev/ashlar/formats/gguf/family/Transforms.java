package dev.ashlar.formats.gguf.family;

import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.weights.StoredTensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
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

  /** Matrices of a stack, one below the other. */
  static final Transform STACKED =
      new Transform() {
        @Override
        public List<StoredTensor> toHuggingFace(List<StoredTensor> gguf) {
          StoredTensor stack = gguf.getFirst();
          List<StoredTensor> parts = new ArrayList<>();
          if (stack.shape().rank() < 2) {
            throw new FamilyException(stack.name(), "a stack", "shape " + stack.shape());
          }
          int count = Math.toIntExact(stack.shape().dim(0));
          Shape inner = inner(stack.shape());
          long rows = inner.rank() == 1 ? 1 : inner.dim(0);
          for (int i = 0; i < count; i++) {
            parts.add(rows(stack, i * rows, inner, inner.size() / rows));
          }
          return parts;
        }

        @Override
        public List<StoredTensor> toGguf(List<StoredTensor> huggingFace) {
          Shape one = huggingFace.getFirst().shape();
          for (StoredTensor t : huggingFace) {
            if (!t.shape().equals(one)) {
              throw new FamilyException(t.name(), "shape " + one, "shape " + t.shape());
            }
          }
          long[] dims = new long[one.rank() + 1];
          dims[0] = huggingFace.size();
          for (int i = 0; i < one.rank(); i++) {
            dims[i + 1] = one.dim(i);
          }
          long width = one.dim(one.rank() - 1);
          return List.of(new RowView(Shape.of(dims), huggingFace, width, row -> row));
        }
      };

  /** A matrix as {@code [out, in]} in GGUF and {@code [in, out]} in the folder. */
  static final Transform TURNED =
      new Transform() {
        @Override
        public List<StoredTensor> toHuggingFace(List<StoredTensor> gguf) {
          return List.of(turned(gguf.getFirst()));
        }

        @Override
        public List<StoredTensor> toGguf(List<StoredTensor> huggingFace) {
          return List.of(turned(huggingFace.getFirst()));
        }

        @Override
        public Transform ofBias() {
          return SAME;
        }
      };

  /** A norm whose weight has 1 added in GGUF. */
  static final Transform PLUS_ONE =
      new Transform() {
        @Override
        public List<StoredTensor> toHuggingFace(List<StoredTensor> gguf) {
          return List.of(plus(gguf.getFirst(), -1));
        }

        @Override
        public List<StoredTensor> toGguf(List<StoredTensor> huggingFace) {
          return List.of(plus(huggingFace.getFirst(), 1));
        }

        @Override
        public Transform ofBias() {
          return SAME;
        }
      };

  /** A map with one output, which some files hold as a vector. */
  static final Transform ONE_ROW =
      new Transform() {
        @Override
        public List<StoredTensor> toHuggingFace(List<StoredTensor> gguf) {
          StoredTensor t = gguf.getFirst();
          long n = t.shape().size();
          return t.shape().rank() == 1
              ? List.of(new RowView(Shape.of(1, n), gguf, n, row -> row))
              : gguf;
        }

        @Override
        public List<StoredTensor> toGguf(List<StoredTensor> huggingFace) {
          return huggingFace;
        }
      };

  /** The elements of {@code shape} behind its first dimension. */
  private static Shape inner(Shape shape) {
    long[] dims = new long[shape.rank() - 1];
    for (int i = 0; i < dims.length; i++) {
      dims[i] = shape.dim(i + 1);
    }
    return Shape.of(dims);
  }

  /** Rows of a tensor from {@code first} on, in a shape of their own. */
  static StoredTensor rows(StoredTensor t, long first, Shape shape, long width) {
    return t instanceof RowSource source
        ? source.rows(first, shape, width)
        : new RowView(shape, List.of(t), width, row -> first + row);
  }

  private static StoredTensor turned(StoredTensor t) {
    if (t.shape().rank() != 2) {
      throw new FamilyException(t.name(), "a matrix", "shape " + t.shape());
    }
    int rows = Math.toIntExact(t.shape().dim(0));
    int columns = Math.toIntExact(t.shape().dim(1));
    return new MadeTensor(
        t,
        Shape.of(columns, rows),
        () -> {
          float[] from = t.toTensor().data();
          float[] to = new float[from.length];
          for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
              to[c * rows + r] = from[r * columns + c];
            }
          }
          return to;
        });
  }

  private static StoredTensor plus(StoredTensor t, float by) {
    return new MadeTensor(
        t,
        t.shape(),
        () -> {
          float[] values = t.toTensor().data();
          for (int i = 0; i < values.length; i++) {
            values[i] += by;
          }
          return values;
        });
  }

  /**
   * One map in the folder whose parts are maps of their own in GGUF.
   *
   * @param outputs of each part; one that is 0 takes what the others leave, evenly
   */
  static Transform parts(int... outputs) {
    return joined(true, outputs);
  }

  /** One map in GGUF whose parts are maps of their own in the folder. */
  static Transform fused(int... outputs) {
    return joined(false, outputs);
  }

  private static Transform joined(boolean inFolder, int[] outputs) {
    return new Transform() {
      @Override
      public List<StoredTensor> toHuggingFace(List<StoredTensor> gguf) {
        return inFolder ? join(gguf) : split(gguf.getFirst(), outputs);
      }

      @Override
      public List<StoredTensor> toGguf(List<StoredTensor> huggingFace) {
        return inFolder ? split(huggingFace.getFirst(), outputs) : join(huggingFace);
      }
    };
  }

  private static List<StoredTensor> join(List<StoredTensor> parts) {
    StoredTensor one = parts.getFirst();
    long rows = 0;
    for (StoredTensor t : parts) {
      rows += t.shape().dim(0);
    }
    boolean vector = one.shape().rank() == 1;
    long width = vector ? 1 : one.shape().dim(1);
    Shape shape = vector ? Shape.of(rows) : Shape.of(rows, width);
    return List.of(new RowView(shape, parts, width, row -> row));
  }

  private static List<StoredTensor> split(StoredTensor t, int[] outputs) {
    long rows = t.shape().dim(0);
    long given = 0;
    int open = 0;
    for (int n : outputs) {
      given += n;
      open += n == 0 ? 1 : 0;
    }
    if (open == 0 ? given != rows : given > rows || (rows - given) % open != 0) {
      throw new FamilyException(t.name(), given + " outputs", rows + "");
    }
    boolean vector = t.shape().rank() == 1;
    long width = vector ? 1 : t.shape().dim(1);
    List<StoredTensor> parts = new ArrayList<>();
    long first = 0;
    for (int n : outputs) {
      long count = n == 0 ? (rows - given) / open : n;
      parts.add(rows(t, first, vector ? Shape.of(count) : Shape.of(count, width), width));
      first += count;
    }
    return parts;
  }

  /**
   * Queries, keys and values in one map: in GGUF all queries, all keys, all values; in the folder
   * group by group, each key/value head behind its queries.
   */
  static Transform grouped(int heads, int kvHeads, int headDim) {
    if (kvHeads < 1 || headDim < 1 || heads % kvHeads != 0) {
      throw new FamilyException(
          "attention.head_count_kv", "a divisor of " + heads + " heads", Integer.toString(kvHeads));
    }
    int each = heads / kvHeads;
    long group = (each + 2L) * headDim;
    LongUnaryOperator toHuggingFace =
        row -> {
          long g = row / group;
          long within = row % group;
          long head = within / headDim;
          long at = within % headDim;
          return head < each
              ? (g * each + head) * headDim + at
              : (heads + (head - each) * kvHeads + g) * headDim + at;
        };
    LongUnaryOperator toGguf =
        row -> {
          long head = row / headDim;
          long at = row % headDim;
          if (head < heads) {
            return head / each * group + head % each * headDim + at;
          }
          long kv = head - heads;
          return kv % kvHeads * group + (each + kv / kvHeads) * headDim + at;
        };
    BiFunction<StoredTensor, LongUnaryOperator, StoredTensor> moved =
        (t, order) -> {
          long rows = t.shape().dim(0);
          if (rows != (heads + 2L * kvHeads) * headDim) {
            throw new FamilyException(
                t.name(),
                "the rows of " + heads + " and 2 x " + kvHeads + " heads",
                rows + " rows");
          }
          return new RowView(t.shape(), List.of(t), t.shape().size() / rows, order);
        };
    return Transform.ofOne(t -> moved.apply(t, toHuggingFace), t -> moved.apply(t, toGguf));
  }

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
    BiFunction<StoredTensor, LongUnaryOperator, StoredTensor> moved =
        (t, order) -> {
          long rows = t.shape().rank() == 0 ? 1 : t.shape().dim(0);
          // Divided, not multiplied: the counts come from the file and could overflow.
          if (rows == 0 || headDim % 2 != 0 || rows % headDim != 0 || rows / headDim != heads) {
            throw new FamilyException(
                t.name(), "the rows of " + heads + " heads of " + headDim, rows + " rows");
          }
          return new RowView(t.shape(), List.of(t), t.shape().size() / rows, order);
        };
    return Transform.ofOne(t -> moved.apply(t, toHuggingFace), t -> moved.apply(t, toGguf));
  }
}

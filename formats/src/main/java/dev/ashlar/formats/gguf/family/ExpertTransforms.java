package dev.ashlar.formats.gguf.family;

import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.weights.StoredTensor;
import java.util.ArrayList;
import java.util.List;

/** What happens to stacks of experts that a folder holds in one tensor too. */
final class ExpertTransforms {
  /**
   * Gates and ups, stacks {@code [experts, out, in]} in GGUF, of one stack {@code [experts, 2·out,
   * in]}, gates first.
   */
  static final Transform HALVES =
      new Transform() {
        @Override
        public List<StoredTensor> toHuggingFace(List<StoredTensor> gguf) {
          Shape s = three(gguf.getFirst());
          long out = s.dim(1);
          long stack = s.dim(0) * out;
          return List.of(
              new RowView(
                  Shape.of(s.dim(0), 2 * out, s.dim(2)),
                  gguf,
                  s.dim(2),
                  row -> {
                    long within = row % (2 * out);
                    return within / out * stack + row / (2 * out) * out + within % out;
                  }));
        }

        @Override
        public List<StoredTensor> toGguf(List<StoredTensor> huggingFace) {
          Shape s = three(huggingFace.getFirst());
          long out = s.dim(1) / 2;
          return List.of(half(huggingFace, s, out, 0), half(huggingFace, s, out, out));
        }

        private StoredTensor half(List<StoredTensor> both, Shape s, long out, long first) {
          return new RowView(
              Shape.of(s.dim(0), out, s.dim(2)),
              both,
              s.dim(2),
              row -> row / out * 2 * out + first + row % out);
        }
      };

  /**
   * Gates and ups {@code [experts, out, in]} in GGUF of one stack {@code [experts, in, 2·out]} in
   * which they take turns, as GPT-OSS is published.
   */
  static final Transform TURNS =
      new Transform() {
        @Override
        public List<StoredTensor> toHuggingFace(List<StoredTensor> gguf) {
          Shape s = three(gguf.getFirst());
          int in = Math.toIntExact(s.dim(2));
          int out = Math.toIntExact(s.dim(1));
          return List.of(
              new MadeTensor(
                  gguf.getFirst(),
                  Shape.of(s.dim(0), in, 2L * out),
                  () -> {
                    float[] gates = gguf.get(0).toTensor().data();
                    float[] ups = gguf.get(1).toTensor().data();
                    float[] both = new float[2 * gates.length];
                    for (int i = 0; i < gates.length; i++) {
                      int at = place(i, out, in);
                      both[at] = gates[i];
                      both[at + 1] = ups[i];
                    }
                    return both;
                  }));
        }

        @Override
        public List<StoredTensor> toGguf(List<StoredTensor> huggingFace) {
          return List.of(half(huggingFace.getFirst(), 0), half(huggingFace.getFirst(), 1));
        }

        private StoredTensor half(StoredTensor both, int which) {
          Shape s = three(both);
          int in = Math.toIntExact(s.dim(1));
          int out = Math.toIntExact(s.dim(2) / 2);
          return new MadeTensor(
              both,
              Shape.of(s.dim(0), out, in),
              () -> {
                float[] all = both.toTensor().data();
                float[] one = new float[all.length / 2];
                for (int i = 0; i < one.length; i++) {
                  one[i] = all[place(i, out, in) + which];
                }
                return one;
              });
        }

        /** Where element {@code i} of {@code [experts, out, in]} has its pair. */
        private int place(int i, int out, int in) {
          int expert = i / (out * in);
          return (expert * in + i % in) * 2 * out + i / in % out * 2;
        }
      };

  /**
   * Gates and ups of a stack each in GGUF. In the folder they take turns in one map {@code [2·out,
   * in]} per expert, of which loaders of packed weights have the first and the second half: all
   * first halves, then all second ones.
   */
  static final Transform HALVES_OF_TURNS =
      new Transform() {
        @Override
        public List<StoredTensor> toHuggingFace(List<StoredTensor> gguf) {
          Shape s = gguf.getFirst().shape();
          boolean vectors = s.rank() == 2;
          long width = vectors ? 1 : three(gguf.getFirst()).dim(2);
          long out = s.dim(1);
          long stack = s.dim(0) * out;
          Shape one = vectors ? Shape.of(out) : Shape.of(out, width);
          List<StoredTensor> halves = new ArrayList<>();
          for (long begin : new long[] {0, out}) {
            for (long e = 0; e < s.dim(0); e++) {
              long first = e * out;
              halves.add(
                  new RowView(
                      one,
                      gguf,
                      width,
                      row -> (begin + row) % 2 * stack + first + (begin + row) / 2));
            }
          }
          return halves;
        }

        @Override
        public List<StoredTensor> toGguf(List<StoredTensor> huggingFace) {
          return List.of(every(huggingFace, 0), every(huggingFace, 1));
        }

        /** Every second row of all experts' maps. */
        private StoredTensor every(List<StoredTensor> halves, int which) {
          Shape one = halves.getFirst().shape();
          boolean vectors = one.rank() == 1;
          long count = halves.size() / 2;
          long out = one.dim(0);
          long width = vectors ? 1 : one.dim(1);
          return new RowView(
              vectors ? Shape.of(count, out) : Shape.of(count, out, width),
              halves,
              width,
              row -> {
                long inMap = row % out * 2 + which;
                long expert = row / out;
                return (inMap < out ? expert : count + expert - 1) * out + inMap;
              });
        }
      };

  /** The biases of the same: {@code [experts, 2·out]} in turns. */
  static final Transform BIASES_IN_TURNS =
      new Transform() {
        @Override
        public List<StoredTensor> toHuggingFace(List<StoredTensor> gguf) {
          Shape s = gguf.getFirst().shape();
          long n = s.size();
          return List.of(
              new RowView(Shape.of(s.dim(0), 2 * s.dim(1)), gguf, 1, row -> row % 2 * n + row / 2));
        }

        @Override
        public List<StoredTensor> toGguf(List<StoredTensor> huggingFace) {
          Shape s = huggingFace.getFirst().shape();
          Shape half = Shape.of(s.dim(0), s.dim(1) / 2);
          return List.of(
              new RowView(half, huggingFace, 1, row -> 2 * row),
              new RowView(half, huggingFace, 1, row -> 2 * row + 1));
        }
      };

  /** Matrices of a stack, each {@code [out, in]} in GGUF and {@code [in, out]} in the folder. */
  static final Transform TURNED =
      Transform.ofOne(ExpertTransforms::turned, ExpertTransforms::turned);

  private ExpertTransforms() {}

  private static Shape three(StoredTensor t) {
    if (t.shape().rank() != 3) {
      throw new FamilyException(t.name(), "a stack of matrices", "shape " + t.shape());
    }
    return t.shape();
  }

  static StoredTensor turned(StoredTensor t) {
    Shape s = three(t);
    int rows = Math.toIntExact(s.dim(1));
    int columns = Math.toIntExact(s.dim(2));
    return new MadeTensor(
        t,
        Shape.of(s.dim(0), columns, rows),
        () -> {
          float[] from = t.toTensor().data();
          float[] to = new float[from.length];
          for (int i = 0; i < from.length; i++) {
            int matrix = i / (rows * columns) * rows * columns;
            int within = i - matrix;
            to[matrix + within % columns * rows + within / columns] = from[i];
          }
          return to;
        });
  }

  /**
   * The map from latents to keys and values (arXiv 2405.04434): in GGUF keys {@code [heads, latent,
   * keyDim]}, turned, and values {@code [heads, valueDim, latent]}; in the folder {@code
   * [heads·(keyDim + valueDim), latent]}.
   */
  static Transform latent(Sizes sizes) {
    return new Transform() {
      @Override
      public List<StoredTensor> toHuggingFace(List<StoredTensor> gguf) {
        Shape k = three(gguf.getFirst());
        Shape v = three(gguf.get(1));
        StoredTensor keys = turned(gguf.getFirst());
        long keyDim = k.dim(2);
        long valueDim = v.dim(1);
        long both = keyDim + valueDim;
        long allKeys = k.dim(0) * keyDim;
        return List.of(
            new RowView(
                Shape.of(k.dim(0) * both, k.dim(1)),
                List.of(keys, gguf.get(1)),
                k.dim(1),
                row -> {
                  long head = row / both;
                  long within = row % both;
                  return within < keyDim
                      ? head * keyDim + within
                      : allKeys + head * valueDim + within - keyDim;
                }));
      }

      @Override
      public List<StoredTensor> toGguf(List<StoredTensor> huggingFace) {
        StoredTensor map = huggingFace.getFirst();
        long heads = sizes.heads();
        long valueDim = ConfigValues.required(sizes.config(), "v_head_dim");
        long latent = map.shape().dim(1);
        long both = map.shape().dim(0) / heads;
        long keyDim = both - valueDim;
        StoredTensor keys =
            new RowView(
                Shape.of(heads, keyDim, latent),
                huggingFace,
                latent,
                row -> row / keyDim * both + row % keyDim);
        StoredTensor values =
            new RowView(
                Shape.of(heads, valueDim, latent),
                huggingFace,
                latent,
                row -> row / valueDim * both + keyDim + row % valueDim);
        return List.of(turned(keys), values);
      }
    };
  }
}

package dev.ashlar.formats.gguf.family;

import java.util.AbstractList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;

/**
 * A line of a family's table about tensors. In names, {@code {i}} stands for each block and {@code
 * {e}}, on the side of Hugging Face, for each expert in turn.
 *
 * @param gguf names in GGUF
 * @param huggingFace names of Hugging Face
 * @param whole whether names are complete; else they are modules that have a {@code .weight}, a
 *     {@code .bias} or both
 * @param transform for a model of these sizes
 */
record TensorRule(
    List<String> gguf,
    List<String> huggingFace,
    boolean whole,
    Function<Sizes, Transform> transform) {
  private static final String BLOCK = "{i}";
  private static final String EXPERT = "{e}";

  /** The mappings of a model's tensors, whether they are there or not. */
  void expand(Sizes sizes, List<TensorMapping> to) {
    Transform t = transform.apply(sizes);
    boolean blocks = gguf.getFirst().contains(BLOCK);
    for (int i = 0; i < (blocks ? sizes.layers() : 1); i++) {
      String block = Integer.toString(i);
      if (whole) {
        to.add(mapping(sizes, block, "", t));
      } else {
        to.add(mapping(sizes, block, ".weight", t));
        to.add(mapping(sizes, block, ".bias", t.ofBias()));
      }
    }
  }

  private TensorMapping mapping(Sizes sizes, String block, String end, Transform t) {
    List<String> theirs = gguf.stream().map(name -> name.replace(BLOCK, block) + end).toList();
    boolean experts = huggingFace.getFirst().contains(EXPERT);
    int each = experts ? sizes.experts() : 1;
    List<String> patterns =
        huggingFace.stream().map(name -> name.replace(BLOCK, block) + end).toList();
    // Made when asked for: a file may claim any number of experts.
    List<String> ours =
        new AbstractList<>() {
          @Override
          public String get(int index) {
            Objects.checkIndex(index, size());
            return patterns.get(index / each).replace(EXPERT, Integer.toString(index % each));
          }

          @Override
          public int size() {
            return patterns.size() * each;
          }
        };
    return new TensorMapping(theirs, ours, t);
  }
}

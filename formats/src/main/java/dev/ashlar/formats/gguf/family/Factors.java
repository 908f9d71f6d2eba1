package dev.ashlar.formats.gguf.family;

import dev.ashlar.tensor.weights.StoredTensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Changes of low rank to a model's weights, {@code up·down}, from the names of GGUF to those of
 * Hugging Face. What a family's table does to the rows of a weight it does to those of {@code up};
 * a matrix that lies turned in the folder has factors that do not.
 */
public final class Factors {
  private final Map<String, List<TensorMapping>> mappings = new LinkedHashMap<>();

  /**
   * The factors of one weight.
   *
   * @param down {@code [rank, in]}, or a stack of these
   * @param up {@code [out, rank]}, or a stack of these
   */
  public record Pair(StoredTensor down, StoredTensor up) {}

  /**
   * For models of a family.
   *
   * @param config {@code config.json} of the language model
   * @throws FamilyException if the configuration is not one of the family
   */
  public Factors(GgufFamily family, Map<String, Object> config) {
    for (TensorMapping mapping : family.mappings(config)) {
      for (String name : mapping.gguf()) {
        mappings.computeIfAbsent(name, n -> new ArrayList<>()).add(mapping);
      }
    }
  }

  /**
   * What a weight's factors can be in a folder, by the names of weights there: one entry for each
   * way in which the family's folders spell it. Views.
   *
   * @param weight the weight's name in GGUF
   * @throws FamilyException if the weight is made of others in a way that factors cannot follow
   */
  public List<Map<String, Pair>> toHuggingFace(String weight, Pair pair) {
    List<Map<String, Pair>> all = new ArrayList<>();
    for (TensorMapping mapping : mappings.getOrDefault(weight, List.of())) {
      List<Pair> parts = parts(weight, mapping, pair);
      List<String> names = mapping.huggingFace();
      if (parts.size() != names.size()) {
        throw new FamilyException(weight, names.size() + " parts", Integer.toString(parts.size()));
      }
      Map<String, Pair> named = new LinkedHashMap<>();
      for (int i = 0; i < parts.size(); i++) {
        named.put(names.get(i), parts.get(i));
      }
      all.add(named);
    }
    return all;
  }

  private static List<Pair> parts(String weight, TensorMapping mapping, Pair pair) {
    Transform transform = mapping.transform();
    if (transform == Transforms.TURNED) {
      return List.of(pair);
    }
    if (mapping.gguf().size() > 1) {
      throw cannotFollow(weight);
    }
    try {
      List<StoredTensor> ups = transform.toHuggingFace(List.of(pair.up()));
      if (transform == Transforms.STACKED) {
        List<StoredTensor> downs = transform.toHuggingFace(List.of(pair.down()));
        List<Pair> parts = new ArrayList<>();
        for (int i = 0; i < Math.min(ups.size(), downs.size()); i++) {
          parts.add(new Pair(downs.get(i), ups.get(i)));
        }
        return parts;
      }
      // Anything but rows that were moved is a change of values, which factors do not have.
      if (!ups.stream().allMatch(t -> t instanceof RowView || t instanceof RowSource)) {
        throw cannotFollow(weight);
      }
      return ups.stream().map(up -> new Pair(pair.down(), up)).toList();
    } catch (ArithmeticException | IndexOutOfBoundsException | IllegalArgumentException e) {
      throw new FamilyException(
          pair.up().name(), "the shape of its family", "" + pair.up().shape());
    }
  }

  private static FamilyException cannotFollow(String weight) {
    return new FamilyException(
        weight, "a weight whose rows are a folder's", "one that is made of others");
  }
}

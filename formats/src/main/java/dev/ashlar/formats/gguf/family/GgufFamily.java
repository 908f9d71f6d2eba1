package dev.ashlar.formats.gguf.family;

import dev.ashlar.tensor.weights.ConfigNames;
import dev.ashlar.tensor.weights.StoredTensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * A family of models as GGUF files hold it: a table that is read from left to right by whoever
 * opens a file and from right to left by whoever writes one.
 *
 * <p>To read: {@link GgufFamilies#of(GgufModel)}, {@link #config}, {@link #toHuggingFace}. To
 * write: {@link GgufFamilies#ofConfig}, {@link #metadata}, {@link #toGguf}. What is the same for
 * all families (the tokenizer, {@code general.*}, the vocabulary's size, whether the head is tied)
 * is not in the table.
 *
 * @param architecture {@code general.architecture}
 * @param modelTypes values of {@code model_type} that are stored so, that of readers first
 * @param modelClass the entry of {@code architectures}
 * @param when which files of the architecture are meant, where several families share one
 * @param settled puts into a configuration what it means by leaving keys out
 * @param keys sizes and settings, in the order in which a configuration gets them
 * @param tensors names and transformations
 */
public record GgufFamily(
    String architecture,
    List<String> modelTypes,
    String modelClass,
    Predicate<GgufModel> when,
    Consumer<Map<String, Object>> settled,
    List<KeyRule> keys,
    TensorTable tensors) {

  /** A family without keys that has the whole architecture to itself. */
  static GgufFamily of(String architecture, String modelType, String modelClass, TensorTable t) {
    return new GgufFamily(
        architecture, List.of(modelType), modelClass, m -> true, c -> {}, List.of(), t);
  }

  /** The same with further values of {@code model_type}, which are stored as this one. */
  GgufFamily alsoFor(String... types) {
    List<String> all = new ArrayList<>(modelTypes);
    all.addAll(List.of(types));
    return new GgufFamily(architecture, List.copyOf(all), modelClass, when, settled, keys, tensors);
  }

  /** The same for some files of the architecture only. */
  GgufFamily only(Predicate<GgufModel> files) {
    return new GgufFamily(architecture, modelTypes, modelClass, files, settled, keys, tensors);
  }

  /** The same with a value that configurations may leave out. */
  GgufFamily withDefault(String key, Object value) {
    return settling(config -> config.putIfAbsent(ConfigNames.in(config, key), value));
  }

  /** The same with values that follow from others where configurations leave them out. */
  GgufFamily settling(Consumer<Map<String, Object>> values) {
    return new GgufFamily(
        architecture, modelTypes, modelClass, when, settled.andThen(values), keys, tensors);
  }

  /** The same with these rules behind those that there are. */
  GgufFamily with(KeyRule... rules) {
    List<KeyRule> all = new ArrayList<>(keys);
    all.addAll(List.of(rules));
    return new GgufFamily(
        architecture, modelTypes, modelClass, when, settled, List.copyOf(all), tensors);
  }

  /** {@code model_type} as a reader says it. */
  public String modelType() {
    return modelTypes.getFirst();
  }

  /**
   * The part of {@code config.json} that the table knows, in order.
   *
   * @throws dev.ashlar.io.InputException if a key is missing or faulty
   */
  public Map<String, Object> config(GgufModel model) {
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("architectures", List.of(modelClass));
    config.put("model_type", modelType());
    keys.forEach(rule -> rule.toConfig(model, config));
    return config;
  }

  /**
   * The part of the metadata that the table knows, by whole keys, in order; values as {@link
   * KeyRule#toMetadata} gives them.
   *
   * @param config {@code config.json} of the language model
   * @throws FamilyException if GGUF has no word for something in it
   */
  public Map<String, Object> metadata(Map<String, Object> config) {
    Map<String, Object> complete = complete(config);
    Map<String, Object> metadata = new LinkedHashMap<>();
    metadata.put("general.architecture", architecture);
    BiConsumer<String, Object> out = (key, value) -> metadata.put(architecture + "." + key, value);
    keys.forEach(rule -> rule.toMetadata(complete, out));
    return metadata;
  }

  /**
   * Sentences about what a file of this configuration says, but only Ashlar heeds; see {@link
   * KeyRule#unheeded}.
   */
  public List<String> unheeded(Map<String, Object> config) {
    Map<String, Object> complete = complete(config);
    return keys.stream().flatMap(rule -> rule.unheeded(complete).stream()).toList();
  }

  private Map<String, Object> complete(Map<String, Object> config) {
    Map<String, Object> complete = new HashMap<>(config);
    settled.accept(complete);
    Usual.complete(complete);
    complete.putIfAbsent(
        ConfigNames.in(complete, "max_position_embeddings"), Usual.of(complete).context());
    return complete;
  }

  /** The mappings of all tensors that a model of this configuration can have. */
  public List<TensorMapping> mappings(Map<String, Object> config) {
    return tensors.mappings(Sizes.of(complete(config)));
  }

  /**
   * The tensors of a file as Hugging Face has them, as views; those without a counterpart are left
   * out.
   *
   * @param gguf the file's tensors by name
   * @param config what {@link #config} gave
   * @throws FamilyException if a shape does not fit
   */
  public Map<String, StoredTensor> toHuggingFace(
      Map<String, StoredTensor> gguf, Map<String, Object> config) {
    return apply(
        config,
        name -> Optional.ofNullable(gguf.get(name)),
        TensorMapping::gguf,
        TensorMapping::huggingFace,
        (mapping, found) -> mapping.transform().toHuggingFace(found));
  }

  /**
   * The tensors of a model as GGUF has them, as views, in the order in which they are usually
   * written.
   *
   * @param huggingFace finds a tensor by its name, if there is one
   * @param config {@code config.json} of the language model
   * @throws FamilyException if a shape does not fit
   */
  public Map<String, StoredTensor> toGguf(
      Function<String, Optional<StoredTensor>> huggingFace, Map<String, Object> config) {
    return apply(
        config,
        huggingFace,
        TensorMapping::huggingFace,
        TensorMapping::gguf,
        (mapping, found) -> mapping.transform().toGguf(found));
  }

  private interface Way {
    List<StoredTensor> go(TensorMapping mapping, List<StoredTensor> found);
  }

  private static List<StoredTensor> results(
      TensorMapping mapping, List<StoredTensor> found, Way way) {
    try {
      return way.go(mapping, found);
    } catch (ArithmeticException | IndexOutOfBoundsException | IllegalArgumentException e) {
      // Extents come from a file, and transformations take them for what their family has.
      throw new FamilyException(
          found.getFirst().name(), "the shape of its family", "" + found.getFirst().shape());
    }
  }

  private Map<String, StoredTensor> apply(
      Map<String, Object> config,
      Function<String, Optional<StoredTensor>> find,
      Function<TensorMapping, List<String>> from,
      Function<TensorMapping, List<String>> to,
      Way way) {
    Map<String, StoredTensor> made = new LinkedHashMap<>();
    Set<String> used = new HashSet<>();
    for (TensorMapping mapping : mappings(config)) {
      List<String> names = from.apply(mapping);
      List<String> targets = to.apply(mapping);
      if (names.isEmpty() || names.stream().anyMatch(used::contains)) {
        continue;
      }
      List<StoredTensor> found = new ArrayList<>();
      for (String name : names) {
        Optional<StoredTensor> one = find.apply(name);
        if (one.isEmpty()) {
          break;
        }
        found.add(one.get());
      }
      if (found.size() < names.size()) {
        continue;
      }
      if (targets.isEmpty() || targets.stream().anyMatch(made::containsKey)) {
        continue;
      }
      used.addAll(names);
      List<StoredTensor> results = results(mapping, found, way);
      if (results.size() != targets.size()) {
        throw new FamilyException(
            found.getFirst().name(), targets.size() + " parts", Integer.toString(results.size()));
      }
      for (int i = 0; i < targets.size(); i++) {
        made.put(targets.get(i), results.get(i).renamed(targets.get(i)));
      }
    }
    return made;
  }

  /**
   * Tensors of rotary embeddings by their names, which no Hugging Face folder has: divisors {@code
   * rope_freqs.weight [turning / 2]} of Llama 3's scaling, the factors of long rope; none for other
   * scalings.
   */
  public Map<String, float[]> rotaryTensors(Map<String, Object> config) {
    Map<String, Object> complete = complete(config);
    double theta = ConfigValues.number(complete, "rope_theta").orElse(10_000);
    Map<String, float[]> all = new LinkedHashMap<>(LongRope.factors(complete));
    RopeScaling.divisors(complete, Sizes.of(complete).headDim(), theta)
        .ifPresent(divisors -> all.put("rope_freqs.weight", divisors));
    return all;
  }
}

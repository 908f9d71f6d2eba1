package dev.ashlar.formats.adapter;

import dev.ashlar.formats.gguf.GgufFile;
import dev.ashlar.formats.gguf.family.Factors;
import dev.ashlar.formats.gguf.family.FamilyException;
import dev.ashlar.formats.gguf.family.GgufFamilies;
import dev.ashlar.formats.gguf.family.GgufFamily;
import dev.ashlar.formats.gguf.family.GgufFields;
import dev.ashlar.io.InputException;
import dev.ashlar.tensor.weights.StoredTensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** A GGUF file as llama.cpp's converter makes it of a folder of PEFT's. */
final class GgufAdapter {
  private static final String DOWN = ".lora_a";
  private static final String UP = ".lora_b";
  private static final String WEIGHT = ".weight";
  private static final String TYPE = "general.type";
  private static final String KIND = "adapter.type";
  private static final String ALPHA = "adapter.lora.alpha";
  private static final String ARCHITECTURE = "general.architecture";
  private static final String INVOCATION = "adapter.alora.invocation_tokens";

  private final GgufFile file;
  private final GgufFields fields;
  private final Map<String, Object> config;
  private final Predicate<String> modules;

  private GgufAdapter(GgufFile file, Map<String, Object> config, Predicate<String> modules) {
    this.file = file;
    this.fields = new GgufFields(file.path(), file.metadata());
    this.config = config;
    this.modules = modules;
  }

  static Adapter open(Path path, Map<String, Object> config, Predicate<String> modules) {
    GgufFile file = GgufFile.open(path);
    try {
      return new Adapter(path, new GgufAdapter(file, config, modules).parts(), file::close);
    } catch (FamilyException e) {
      file.close();
      throw InputException.in(path)
          .place(e.place())
          .expected(e.expected())
          .found(e.found())
          .cause(e)
          .exception();
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  private List<LowRank> parts() {
    require(TYPE, "adapter");
    require(KIND, "lora");
    if (!fields.list(INVOCATION).isEmpty()) {
      throw fields.fault(
          INVOCATION, "an adapter that always counts", "one that counts from some token on");
    }
    Factors factors = new Factors(family(), config);
    double alpha = alpha();
    List<LowRank> parts = new ArrayList<>();
    pairs().forEach((weight, pair) -> add(weight, pair, factors, alpha, parts));
    if (parts.isEmpty()) {
      throw InputException.in(file.path()).problem("there is no tensor in it").exception();
    }
    return parts;
  }

  private void require(String key, String value) {
    String found = fields.text(key, null);
    if (!value.equals(found)) {
      throw fields.fault(key, '"' + value + '"', found == null ? "no such key" : '"' + found + '"');
    }
  }

  private GgufFamily family() {
    GgufFamily family =
        GgufFamilies.ofConfig(config)
            .orElseThrow(
                () ->
                    InputException.in(file.path())
                        .problem(
                            "the model is of a family ("
                                + config.get("model_type")
                                + ") whose names in GGUF are not known")
                        .hint("use the adapter's folder as PEFT saved it")
                        .exception());
    require(ARCHITECTURE, family.architecture());
    return family;
  }

  /** 0 where it is not said, and then the factors are as they are, as for llama.cpp. */
  private double alpha() {
    Object value = fields.values().getOrDefault(ALPHA, 0f);
    if (value instanceof Number n && Double.isFinite(n.doubleValue())) {
      return n.doubleValue();
    }
    throw fields.fault(ALPHA, "a number", String.valueOf(value));
  }

  private Map<String, Factors.Pair> pairs() {
    Map<String, Factors.Pair> pairs = new LinkedHashMap<>();
    for (String name : file.names()) {
      boolean down = name.endsWith(DOWN);
      String weight = name.substring(0, Math.max(0, name.length() - DOWN.length()));
      if (!down && !name.endsWith(UP) || !weight.endsWith(WEIGHT)) {
        throw fields.fault(
            name,
            "a factor of a linear map, NAME.weight.lora_a or NAME.weight.lora_b",
            "another tensor, which cannot be applied");
      }
      Optional<StoredTensor> a = file.find(weight + DOWN);
      Optional<StoredTensor> b = file.find(weight + UP);
      if (a.isEmpty() || b.isEmpty()) {
        throw fields.fault(name, "both factors of " + weight, "one alone");
      }
      pairs.put(weight, new Factors.Pair(a.get(), b.get()));
    }
    return pairs;
  }

  private void add(
      String weight, Factors.Pair pair, Factors factors, double alpha, List<LowRank> parts) {
    List<Map<String, Factors.Pair>> ways = factors.toHuggingFace(weight, pair);
    if (ways.isEmpty()) {
      throw fields.fault(
          pair.up().name(), "the name of a weight of " + fields.text(ARCHITECTURE, ""), weight);
    }
    Map<String, Factors.Pair> way =
        ways.stream()
            .filter(w -> w.keySet().stream().allMatch(n -> modules.test(module(n))))
            .findFirst()
            .orElse(ways.getFirst());
    way.forEach(
        (name, one) -> {
          long rank = one.down().shape().rank() == 2 ? one.down().shape().dim(0) : 0;
          int r = Math.clamp(rank, 1, Integer.MAX_VALUE);
          Factor.require(file.path(), one.down(), r, 0, "both factors have one rank");
          Factor.require(file.path(), one.up(), r, 1, "both factors have one rank");
          double scale = alpha == 0 ? 1 : alpha / r;
          parts.add(new LowRank(module(name), pair.up().name(), one.down(), one.up(), scale));
        });
  }

  private static String module(String weight) {
    return weight.endsWith(WEIGHT)
        ? weight.substring(0, weight.length() - WEIGHT.length())
        : weight;
  }
}

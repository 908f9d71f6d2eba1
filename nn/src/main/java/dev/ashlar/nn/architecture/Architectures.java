package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.InferenceOptions;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.function.Function;
import java.util.stream.Collectors;

/** All families that Ashlar knows. A new one is one file and one line here, or a service. */
public final class Architectures {
  /** One line for each family. */
  public static final List<Architecture> ALL =
      List.of(
          new Arcee(),
          new Bloom(),
          new Codegen(),
          new Cohere(),
          new Cohere2(),
          new Cwm(),
          new DeepseekV2(),
          new DeepseekV3(),
          new Dots1(),
          new Ernie45(),
          new Ernie45Moe(),
          new Exaone4(),
          new ExaoneMoe(),
          new Falcon(),
          new FlexOlmo(),
          new Gemma(),
          new Gemma2(),
          new Gemma3(),
          new Glm(),
          new Glm4(),
          new Glm4Moe(),
          new Glm4MoeLite(),
          new Gpt2(),
          new GptBigcode(),
          new GptNeo(),
          new GptOss(),
          new GptNeox(),
          new Gptj(),
          new Granite(),
          new GraniteMoe(),
          new GraniteMoeShared(),
          new Helium(),
          new Hunyuan(),
          new HunyuanMoe(),
          new HyperClovaX(),
          new Llama(),
          new TextPart("gemma3", "gemma3_text"),
          new TextPart("idefics3", "llama"),
          new TextPart("internvl", "qwen2"),
          new TextPart("internvl_chat", "qwen2"),
          new TextPart("llava", "llama"),
          new TextPart("llava_next", "mistral"),
          new TextPart("llava_onevision", "qwen2"),
          new TextPart("mistral3", "mistral"),
          new TextPart("phi3_v", "phi3"),
          new TextPart("qwen2_5_vl", "qwen2", TextPart.QWEN2_VL),
          new TextPart("qwen2_audio", "qwen2"),
          new TextPart("qwen2_vl", "qwen2", TextPart.QWEN2_VL),
          new TextPart("qwen3_vl", "qwen3", TextPart.QWEN3_VL),
          new TextPart("smolvlm", "llama"),
          new TextPart("voxtral", "llama"),
          new MiniCpm3(),
          new MinimaxM2(),
          new Ministral(),
          new Mistral(),
          new Mixtral(),
          new Mpt(),
          new Nemotron(),
          new Olmo(),
          new Olmo2(),
          new Olmo3(),
          new Olmoe(),
          new Opt(),
          new Phi(),
          new Phi3(),
          new Phimoe(),
          new Qwen2(),
          new Qwen2Moe(),
          new Qwen3(),
          new Qwen3Moe(),
          new SeedOss(),
          new Smollm3(),
          new SolarOpen(),
          new Stablelm(),
          new Starcoder2());

  private Architectures() {}

  /** Those here, and those that other modules provide. */
  public static List<Architecture> all() {
    List<Architecture> all = new ArrayList<>(ALL);
    ServiceLoader.load(Architecture.class).forEach(all::add);
    return all;
  }

  /** The family of that {@code model_type}; of two, that of this list. */
  public static Optional<Architecture> find(String modelType) {
    Optional<Architecture> here = of(modelType, ALL);
    // Others are looked for only then: that reads every module.
    return here.isPresent() ? here : of(modelType, all());
  }

  private static Optional<Architecture> of(String modelType, List<Architecture> among) {
    return among.stream().filter(a -> a.modelType().equals(modelType)).findFirst();
  }

  /** The decoder in {@code source}, on the backend of this process; see {@link Decoder#load}. */
  public static Decoder load(WeightSource source) {
    return load(source, Backends.chosen());
  }

  /**
   * The decoder in {@code source}.
   *
   * @throws RuntimeException the source's own exception if its family is not known, its
   *     configuration is faulty, or a tensor is missing or misshapen
   */
  public static Decoder load(WeightSource source, Backend backend) {
    return Decoder.load(spec(source), source, backend);
  }

  /** As {@link #load(WeightSource)}, for training all of it; see {@link Decoder#loadTrained}. */
  public static Decoder loadTrained(WeightSource source) {
    return loadTrained(source, Backends.chosen());
  }

  /** The same on the given backend. */
  public static Decoder loadTrained(WeightSource source, Backend backend) {
    return Decoder.loadTrained(spec(source), source, backend);
  }

  /** As {@link #load(WeightSource, Backend)}, for inference; see {@link Decoder#loadPacked}. */
  public static Decoder loadPacked(WeightSource source, Backend backend) {
    return loadPacked(source, backend, InferenceOptions.defaults());
  }

  /** As above, for a decoder that is going to be run in that way. */
  public static Decoder loadPacked(WeightSource source, Backend backend, InferenceOptions options) {
    return Decoder.loadPacked(spec(source), source, backend, options);
  }

  /**
   * What the configuration of {@code source} describes, where its tensors do not say otherwise
   * ({@link DecoderSpec#asStored}); of tensors only biases and the pair of head and embedding may
   * be read.
   *
   * @throws RuntimeException the source's own exception if its family is not known or its
   *     configuration is faulty
   */
  public static DecoderSpec spec(WeightSource source) {
    return StoredSizes.spec(family(source), source.config(), source).asStored(source);
  }

  /**
   * What a copy of a model should say in its configuration instead of what stands there: {@link
   * DecoderSpec#corrections}, and keys on biases that the stored ones contradict. To find these the
   * configuration is described several times.
   *
   * @param stored what {@link #spec} says of {@code source}
   */
  public static Map<String, Object> corrections(DecoderSpec stored, WeightSource source) {
    Map<String, Object> all = new LinkedHashMap<>(stored.corrections());
    all.putAll(StoredBiases.corrections(family(source), source.config(), stored));
    return all;
  }

  /** Describes configurations as the family of {@code source} does, in its names. */
  private static Function<Map<String, Object>, DecoderSpec> family(WeightSource source) {
    String modelType = new Config(source.config(), source).text("model_type");
    Architecture architecture = find(modelType).orElseThrow(() -> unknown(modelType, source));
    return config -> architecture.spec(config, source);
  }

  private static RuntimeException unknown(String modelType, WeightSource source) {
    String supported =
        all().stream().map(Architecture::modelType).sorted().collect(Collectors.joining(", "));
    List<String> near = nearMatches(modelType);
    // The whole list helps only where nothing in it looks like what was asked for.
    return source.fault(
        "model_type",
        "a supported architecture" + (near.isEmpty() ? " (" + supported + ")" : ""),
        "\"" + modelType + "\"",
        near.isEmpty() ? "" : "the nearest is " + String.join(" or ", near));
  }

  /** Supported types that look like {@code modelType}, best first. */
  private static List<String> nearMatches(String modelType) {
    String asked = modelType.toLowerCase(Locale.ROOT);
    List<String> near = new ArrayList<>();
    for (Architecture a : all()) {
      String known = a.modelType();
      boolean part = asked.startsWith(known) || (asked.length() > 2 && known.startsWith(asked));
      if (part || distance(asked, known) <= Math.min(asked.length(), known.length()) / 2) {
        near.add(known);
      }
    }
    near.sort(Comparator.comparingInt(k -> distance(asked, k)));
    return near.subList(0, Math.min(3, near.size()));
  }

  /** Edits that turn {@code a} into {@code b}; only the first 64 characters count. */
  private static int distance(String a, String b) {
    int n = Math.min(64, a.length());
    int m = Math.min(64, b.length());
    int[] row = new int[m + 1];
    for (int j = 0; j <= m; j++) {
      row[j] = j;
    }
    for (int i = 1; i <= n; i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= m; j++) {
        int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[m];
  }
}

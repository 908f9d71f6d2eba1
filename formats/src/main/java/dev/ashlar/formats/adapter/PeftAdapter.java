package dev.ashlar.formats.adapter;

import dev.ashlar.formats.safetensors.SafetensorsFile;
import dev.ashlar.io.InputException;
import dev.ashlar.tensor.weights.StoredTensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A folder as PEFT saves it. */
final class PeftAdapter {
  static final String CONFIG = "adapter_config.json";
  static final String WEIGHTS = "adapter_model.safetensors";

  /**
   * What PEFT wraps a model in; a state dictionary that was saved by hand names the adapter too.
   */
  private static final Pattern FACTOR =
      Pattern.compile("(?:base_model\\.model\\.)?(.+)\\.lora_([AB])(?:\\.\\w+)?\\.weight");

  private PeftAdapter() {}

  /** The tensors of a module's factors. */
  private static final class Pair {
    private String first;
    private StoredTensor down;
    private StoredTensor up;
  }

  static Adapter open(Path folder) {
    Path config = folder.resolve(CONFIG);
    Path weights = folder.resolve(WEIGHTS);
    if (!Files.exists(config)) {
      throw InputException.in(folder)
          .expected("an adapter's " + CONFIG)
          .found("none")
          .hint("an adapter is a folder that PEFT saved, or a .gguf file")
          .exception();
    }
    PeftConfig settings = PeftConfig.read(config);
    if (!Files.exists(weights) && Files.exists(folder.resolve("adapter_model.bin"))) {
      throw InputException.in(folder.resolve("adapter_model.bin"))
          .problem("is a PyTorch pickle, which is never read because it can run code")
          .hint("load it with PEFT and save it again, as " + WEIGHTS)
          .exception();
    }
    SafetensorsFile file = SafetensorsFile.open(weights);
    try {
      return new Adapter(weights, parts(file, settings), file::close);
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  private static List<LowRank> parts(SafetensorsFile file, PeftConfig settings) {
    Map<String, Pair> pairs = new LinkedHashMap<>();
    for (String name : file.names()) {
      Matcher m = FACTOR.matcher(name);
      if (!m.matches()) {
        throw InputException.in(file.path())
            .place(name)
            .expected("a factor of a linear map, MODULE.lora_A.weight or MODULE.lora_B.weight")
            .found(kind(name))
            .hint("merge the adapter into its model with PEFT and open the merged model")
            .exception();
      }
      Pair pair = pairs.computeIfAbsent(m.group(1), k -> new Pair());
      boolean down = m.group(2).equals("A");
      if ((down ? pair.down : pair.up) != null) {
        throw InputException.in(file.path())
            .place(name)
            .problem("a second adapter for the same module")
            .hint("save each adapter in a folder of its own")
            .exception();
      }
      pair.first = name;
      if (down) {
        pair.down = file.tensor(name);
      } else {
        pair.up = file.tensor(name);
      }
    }
    if (pairs.isEmpty()) {
      throw InputException.in(file.path()).problem("there is no tensor in it").exception();
    }
    List<LowRank> parts = new ArrayList<>();
    pairs.forEach((module, pair) -> parts.add(part(file.path(), module, pair, settings)));
    return parts;
  }

  private static LowRank part(Path file, String module, Pair pair, PeftConfig settings) {
    if (pair.down == null || pair.up == null) {
      throw InputException.in(file)
          .place(pair.first)
          .expected("both factors of " + module)
          .found("lora_" + (pair.down == null ? "B" : "A") + " alone")
          .exception();
    }
    int rank = settings.rank(module);
    Factor.require(file, pair.down, rank, 0, CONFIG + " says rank " + rank);
    Factor.require(file, pair.up, rank, 1, CONFIG + " says rank " + rank);
    return new LowRank(module, pair.up.name(), pair.down, pair.up, settings.scale(module));
  }

  private static String kind(String name) {
    if (name.contains("lora_embedding_")) {
      return "a factor of an embedding, which cannot be applied";
    }
    if (name.contains("lora_magnitude_vector")) {
      return "a magnitude of DoRA, which cannot be applied";
    }
    return name.endsWith(".bias") ? "a bias, which cannot be applied" : "another tensor";
  }
}

package dev.ashlar.formats.export;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.layout.Layouts;
import dev.ashlar.formats.layout.PackedLayout;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * GPTQ folders that AutoGPTQ, GPTQModel and their kernels read (docs/formats.md, GPTQ): zeros minus
 * one or as they are, {@code g_idx} always, float tensors in F16.
 */
final class AutoGptqFormat extends FolderFormat {
  /** Module lists that loaders find by themselves. */
  private static final Set<String> KNOWN_BLOCKS =
      Set.of("model.layers", "model.decoder.layers", "transformer.h", "gpt_neox.layers");

  private static final String SEQUENTIAL = "true_sequential";
  private static final String DAMP = "damp_percent";

  /** The first version of GPTQModel that stored them so. */
  private static final String NO_ZERO_WRAPS = "gptqmodel:0.9.0";

  private final String name;
  private final String description;
  private final PackedLayout layout;

  private AutoGptqFormat(String name, String description, PackedLayout layout) {
    this.name = name;
    this.description = description;
    this.layout = layout;
  }

  /** Zero points minus one, which all readers know. */
  AutoGptqFormat() {
    this("auto_gptq", "packed, as GPTQModel, AutoGPTQ and transformers read it", Layouts.GPTQ);
  }

  /** Zero points as they are, and the label that says so. */
  static AutoGptqFormat v2() {
    return new AutoGptqFormat(
        Layouts.GPTQ_V2.name(),
        "the same with zero points as they are, which GPTQModel reads and AutoRound misreads",
        Layouts.GPTQ_V2);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String description() {
    return description;
  }

  @Override
  public Optional<String> refusal(WeightSource source, ExportPlan plan) {
    return Refusals.ofRoundedInputs(name, plan).or(() -> Refusals.of(name, layout, source, plan));
  }

  @Override
  void warn(Checkpoint source, ExportPlan plan) {
    Refusals.warnOfShortGroups(name, source, plan);
    Refusals.warnOfLoaders(name, source);
  }

  @Override
  FolderExport.Style style(Checkpoint source, ExportPlan plan) {
    return new FolderExport.Style(
        name, layout, DType.F16, Map.of("quantize_config.json", this::marked), this::config);
  }

  private Map<String, Object> config(WrittenLayers layers) {
    IntegerGrid base = layers.plan().grid();
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("bits", base.bits());
    config.put("group_size", base.groupSize());
    config.put("sym", base.symmetric());
    config.put("desc_act", layers.actOrder());
    // Whoever records nothing of them works on a block at once, and damps nothing.
    Map<String, Object> settings = layers.plan().settings();
    config.put(SEQUENTIAL, Boolean.TRUE.equals(settings.get(SEQUENTIAL)));
    // Loaders refuse none at all.
    if (settings.get(DAMP) instanceof Number damp && damp.doubleValue() > 0) {
      config.put(DAMP, damp);
    }
    config.put(
        "lm_head", layers.packed().keySet().stream().anyMatch(m -> !WrittenLayers.inBlock(m)));
    config.put("quant_method", "gptq");
    config.put("checkpoint_format", layout.name());
    config.put("pack_dtype", "int32");
    config.put("provider", Producer.NAME);
    // Under a name of its own: GPTQModel takes many keys for its own, "method" among them.
    config.put(Producer.NAME, Producer.record(layers.plan()));
    List<String> lists = layers.blockLists();
    if (!lists.isEmpty() && !KNOWN_BLOCKS.containsAll(lists)) {
      config.put("block_name_to_quantize", String.join(",", lists));
    }
    Map<String, Object> dynamic = dynamic(layers);
    if (!dynamic.isEmpty()) {
      config.put("dynamic", dynamic);
    }
    if (!layers.floatsInBlocks().isEmpty()) {
      Set<String> inBlock = new TreeSet<>();
      layers.packed().keySet().stream()
          .filter(WrittenLayers::inBlock)
          .map(WrittenLayers::nameInBlock)
          .forEach(inBlock::add);
      config.put("modules_in_block_to_quantize", List.of(List.copyOf(inBlock)));
    }
    return config;
  }

  /**
   * The configuration with the mark without which GPTQModel refuses asymmetric weights whose zero
   * points are stored minus one: that they were written by a program that lets none of them wrap.
   * It stands only in the file that GPTQModel reads first, because AutoRound refuses folders whose
   * {@code config.json} has it.
   */
  private Map<String, Object> marked(Map<String, Object> config) {
    if (layout != Layouts.GPTQ || !Boolean.FALSE.equals(config.get("sym"))) {
      return config;
    }
    Map<String, Object> marked = new LinkedHashMap<>(config);
    marked.put("meta", Map.of("quantizer", List.of(Producer.nameAndVersion(), NO_ZERO_WRAPS)));
    return marked;
  }

  /** GPTQModel's rules for linear maps of the blocks that stay float; it has no others for them. */
  static Map<String, Object> floats(WrittenLayers layers) {
    Map<String, Object> rules = new LinkedHashMap<>();
    layers.floatsInBlocks().forEach(module -> rules.put("-:" + exactly(module), Map.of()));
    return rules;
  }

  private static Map<String, Object> dynamic(WrittenLayers layers) {
    Map<String, Object> dynamic = floats(layers);
    layers
        .packed()
        .forEach(
            (module, scheme) -> {
              // Loaders look for packed weights in blocks; of a head they must be told.
              if (!layers.difference(scheme).isEmpty() || !WrittenLayers.inBlock(module)) {
                Map<String, Object> full = new LinkedHashMap<>();
                full.put("bits", scheme.bits());
                full.put("group_size", scheme.groupSize());
                full.put("sym", scheme.symmetric());
                dynamic.put("+:" + exactly(module), full);
              }
            });
    return dynamic;
  }

  /**
   * An expression for one module: anchored, or {@code mlp.gate} would mean its longer namesakes.
   */
  private static String exactly(String module) {
    return "^" + module.replace(".", "\\.") + "$";
  }
}

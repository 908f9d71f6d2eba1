package dev.ashlar.formats.export;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.checkpoint.HeadTie;
import dev.ashlar.formats.checkpoint.ModelConfig;
import dev.ashlar.formats.layout.InputParts;
import dev.ashlar.formats.layout.PackedLayout;
import dev.ashlar.formats.layout.PackedTensor;
import dev.ashlar.formats.layout.ZeroMirror;
import dev.ashlar.formats.safetensors.ModelPublication;
import dev.ashlar.formats.safetensors.SafetensorsWriter;
import dev.ashlar.formats.safetensors.TensorOutput;
import dev.ashlar.io.file.AtomicFile;
import dev.ashlar.io.json.JsonWriter;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Writes a Hugging Face model folder in the style of one format.
 *
 * <p>Everything is collected under temporary names, and takes the place of a model that is being
 * replaced when all of it is there; see {@link ModelPublication}.
 */
final class FolderExport implements ExportSink {
  private static final System.Logger LOG = System.getLogger("dev.ashlar.formats.export");
  static final String CONFIG = "config.json";
  private static final String WEIGHT = ".weight";
  static final String HEAD = "lm_head";

  /**
   * What distinguishes one format's folders.
   *
   * @param format the format's name
   * @param layout how a linear map is packed, or null to write all of them as float
   * @param floatType the type of all float tensors, or null to keep the source's
   * @param configFiles files beside {@code config.json} and what they hold of its quantization
   *     configuration
   * @param config the quantization configuration; not asked for where {@code layout} is null
   * @param companions further tensors beside a packed linear map
   */
  record Style(
      String format,
      Function<QuantizedMatrix, PackedLayout> layout,
      DType floatType,
      Map<String, UnaryOperator<Map<String, Object>>> configFiles,
      Function<WrittenLayers, Map<String, Object>> config,
      BiFunction<String, QuantizedMatrix, List<PackedTensor>> companions) {
    /** A style with nothing more beside linear maps than their layout has. */
    Style(
        String format,
        Function<QuantizedMatrix, PackedLayout> layout,
        DType floatType,
        Map<String, UnaryOperator<Map<String, Object>>> configFiles,
        Function<WrittenLayers, Map<String, Object>> config) {
      this(format, layout, floatType, configFiles, config, (module, tensor) -> List.of());
    }

    /** A style in which all linear maps are packed in one way. */
    Style(
        String format,
        PackedLayout layout,
        DType floatType,
        Map<String, UnaryOperator<Map<String, Object>>> configFiles,
        Function<WrittenLayers, Map<String, Object>> config) {
      this(format, any -> layout, floatType, configFiles, config);
    }

    /** A style in which nothing is packed. */
    static Style floats(String format, DType type) {
      Function<QuantizedMatrix, PackedLayout> none = null;
      return new Style(format, none, type, Map.of(), layers -> Map.of());
    }
  }

  private final Path folder;
  private final boolean created;
  private final boolean overwrite;
  private final Checkpoint source;
  private final Style style;
  private final DType floatType;
  private final boolean tied;
  private final WrittenLayers layers;
  private final SafetensorsWriter writer;
  private final Set<String> dense = new HashSet<>();

  /** Names of the layouts that were written. */
  private final Set<String> layouts = new LinkedHashSet<>();

  private List<Path> files = List.of();
  private int mirrored;

  private FolderExport(
      Path folder,
      boolean created,
      Checkpoint source,
      ExportPlan plan,
      Style style,
      ExportOptions options) {
    this.folder = folder;
    this.created = created;
    this.source = source;
    this.style = style;
    boolean mixed = source.mixesFloatTypes();
    DType kept = mixed ? ModelConfig.floatType(source.config()).orElse(DType.F16) : null;
    this.floatType = style.floatType() == null ? kept : style.floatType();
    this.tied = ModelConfig.tied(source);
    this.layers = new WrittenLayers(plan);
    this.writer = SafetensorsWriter.inFolder(folder, options.maxShardBytes());
    this.overwrite = options.overwrite();
  }

  /** Begins a folder; see {@link ExportFormat#create}. */
  static FolderExport create(
      Path folder, Checkpoint source, ExportPlan plan, ExportOptions options, Style style) {
    source.requireTarget(folder);
    boolean exists = Files.exists(folder);
    ModelPublication.requireRoom(folder, options.overwrite());
    if (style.layout() != null) {
      Refusals.warnOfWideScales(style.format(), plan);
    }
    return new FolderExport(folder, !exists, source, plan, style, options);
  }

  /** A matrix that the source's files hold turned is turned. */
  @Override
  public void tensor(String name, Tensor tensor) {
    if (takes(name, tensor.shape().rank())) {
      boolean turned = layers.plan().turns(name);
      writer.floats(name, typeOf(name), turned ? tensor.transposed() : tensor);
    }
  }

  /** The type for a tensor that comes as float32 from a computation. */
  private DType typeOf(String name) {
    if (floatType != null) {
      return floatType;
    }
    return source
        .find(name)
        .map(StoredTensor::dtype)
        .filter(t -> t == DType.F16 || t == DType.BF16 || t == DType.F32)
        .or(() -> ModelConfig.floatType(source.config()))
        .orElse(DType.F16);
  }

  @Override
  public void copy(StoredTensor tensor) {
    if (takes(tensor.name(), tensor.shape().rank())) {
      if (floatType == null) {
        writer.copy(tensor);
      } else {
        writer.convert(tensor, floatType);
      }
    }
  }

  @Override
  public void keep(StoredTensor tensor) {
    if (takes(tensor.name(), tensor.shape().rank())) {
      writer.copy(tensor);
    }
  }

  /** Whether a dense tensor is to be written; a tied head is not, its embedding stands for it. */
  private boolean takes(String name, int rank) {
    // Its bias, if it has one, is nowhere else.
    if (tied && isHead(name) && name.endsWith(WEIGHT)) {
      LOG.log(
          System.Logger.Level.INFO, "{0}: {1} is tied to the embedding; left out", folder, name);
      return false;
    }
    if (name.endsWith(WEIGHT)
        && layers.written().contains(name.substring(0, name.length() - WEIGHT.length()))) {
      throw new IllegalArgumentException(name + " was already written packed");
    }
    dense.add(name);
    if (rank == 2 && name.endsWith(WEIGHT)) {
      layers.addFloat(name.substring(0, name.length() - WEIGHT.length()));
    }
    return true;
  }

  static boolean isHead(String name) {
    return name.equals(HEAD) || name.startsWith(HEAD + ".") || name.contains("." + HEAD + ".");
  }

  @Override
  public void quantized(String module, QuantizedMatrix tensor) {
    if (tied && isHead(module)) {
      throw new IllegalArgumentException(module + " is tied to the embedding and cannot be packed");
    }
    if (style.layout() == null) {
      tensor(module + WEIGHT, tensor.dequantize());
      return;
    }
    if (dense.contains(module + WEIGHT) || layers.written().contains(module)) {
      throw new IllegalArgumentException(module + " was already written");
    }
    PackedLayout layout = style.layout().apply(tensor);
    QuantizedMatrix storable = layout.storable(tensor);
    if (storable != tensor) {
      mirrored += ZeroMirror.groupsAtZero(tensor);
    }
    List<PackedTensor> parts = new ArrayList<>(layout.pack(module, storable));
    parts.addAll(InputParts.of(module, tensor));
    parts.addAll(style.companions().apply(module, tensor));
    for (PackedTensor part : parts) {
      try (TensorOutput out = writer.begin(part.name(), part.dtype(), part.shape())) {
        out.bytes(part.bytes(), 0, part.bytes().length);
      }
    }
    layouts.add(layout.name());
    layers.add(module, tensor);
  }

  @Override
  public void finish() {
    // Again, since somebody may have put a model here while this one was made.
    ModelPublication.requireRoom(folder, overwrite);
    files = ModelPublication.publish(folder, writer, this::beside);
    if (mirrored > 0) {
      LOG.log(
          System.Logger.Level.INFO,
          "{0}: {1} groups have zero point 0, which {2} cannot store; their codes are mirrored and"
              + " their scales negated, with the same weights",
          folder,
          Integer.toString(mirrored),
          style.format());
    }
  }

  /** Side files and configurations. */
  private void beside(Path ready) {
    source.writeSideFiles(ready);
    Map<String, Object> quantization = style.layout() == null ? null : style.config().apply(layers);
    style
        .configFiles()
        .forEach(
            (name, of) ->
                AtomicFile.write(ready.resolve(name), JsonWriter.pretty(of.apply(quantization))));
    AtomicFile.write(
        ready.resolve(CONFIG),
        JsonWriter.pretty(ModelConfig.rewritten(config(), floatType, quantization)));
  }

  /** The source's configuration, saying of the tensors what they are. */
  private Map<String, Object> config() {
    Map<String, Object> settled = HeadTie.settled(source.config(), source);
    return HeadTie.corrected(settled, layers.plan().corrections());
  }

  @Override
  public void endShard() {
    writer.endShard();
  }

  @Override
  public ExportSummary summary() {
    return new ExportSummary(
        folder,
        style.format(),
        layouts.isEmpty() ? "float" : String.join(", ", layouts),
        files,
        layers.written().size(),
        writer.totalBytes(),
        mirrored);
  }

  @Override
  public void close() {
    writer.close();
    if (created && files.isEmpty()) {
      try {
        Files.deleteIfExists(folder);
      } catch (IOException ignored) {
        // Others have put something there in the meantime; it is theirs.
      }
    }
  }
}

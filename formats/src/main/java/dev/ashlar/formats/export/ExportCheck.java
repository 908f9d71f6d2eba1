package dev.ashlar.formats.export;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.checkpoint.ModelConfig;
import dev.ashlar.formats.layout.Declarations;
import dev.ashlar.formats.layout.Fp8Weights;
import dev.ashlar.formats.layout.Layouts;
import dev.ashlar.formats.layout.PackedLayout;
import dev.ashlar.formats.layout.PackedPlan;
import dev.ashlar.formats.layout.QuantizationConfig;
import dev.ashlar.formats.layout.SmallFloatLayout;
import dev.ashlar.formats.layout.SmallFloatWeights;
import dev.ashlar.formats.safetensors.SafetensorsFile;
import dev.ashlar.io.InputException;
import dev.ashlar.io.file.AtomicFile;
import dev.ashlar.io.json.Json;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Reads an export again and holds it against the rules of docs/formats.md: what other tools rely
 * on, not only what our own reader needs.
 *
 * <p>Beyond everything that opening a checkpoint checks: no temporary files; the index names
 * exactly the tensors there are and their total size; no layer is stored twice; every packed layer
 * has just the parts of its layout, F16 scales and the declared scheme; {@code g_idx} is in order
 * unless act-order is declared; layers declared float are there as float; a tied head is not
 * stored; the float type is the declared one; side files repeat the configuration.
 */
public final class ExportCheck {
  private static final String INDEX = "model.safetensors.index.json";
  private static final String KEY = "quantization_config";

  /** Whose kernels compute in half precision. */
  private static final Set<Object> HALVES = Set.of("gptq", "awq");

  private final Path folder;
  private final Map<String, StoredTensor> tensors = new LinkedHashMap<>();
  private final List<SafetensorsFile> files = new ArrayList<>();
  private long bytes;

  private ExportCheck(Path folder) {
    this.folder = folder;
  }

  /**
   * Verifies the export in {@code folder}; reads all packed weights.
   *
   * @throws InputException naming the first rule that is broken
   */
  public static ExportReport verify(Path folder) {
    return verify(folder, Set.of());
  }

  /**
   * The same where tensors of {@code kept} are no part of the language model and so may be of any
   * type.
   */
  public static ExportReport verify(Path folder, Set<String> kept) {
    ExportCheck check = new ExportCheck(folder);
    try (Checkpoint checkpoint = Checkpoints.open(folder)) {
      check.openFiles();
      check.index();
      check.heads(checkpoint);
      Map<String, Object> quantization = check.quantization(checkpoint);
      if (HALVES.contains(quantization.getOrDefault("quant_method", ""))) {
        check.halves(checkpoint, kept);
      }
      boolean floats =
          SmallFloatWeights.declares(quantization) || Fp8Weights.declares(quantization);
      if (!quantization.isEmpty() && !floats) {
        check.packed(checkpoint, quantization);
      }
      return new ExportReport(
          check.files.size(),
          check.tensors.size(),
          checkpoint.quantizedNames().size() + widened(checkpoint),
          check.bytes);
    } finally {
      check.files.forEach(SafetensorsFile::close);
    }
  }

  /** Matrices of codes that are read as if they were floats. */
  private static int widened(Checkpoint checkpoint) {
    return (int)
        checkpoint.names().stream()
            .map(checkpoint::tensor)
            .filter(t -> !t.storage().equals(t.dtype().name()))
            .count();
  }

  private void openFiles() {
    TreeSet<Path> found = new TreeSet<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        if (AtomicFile.isTemporary(name)) {
          throw fault("", "no temporary files", name);
        }
        if (name.endsWith(".safetensors") && !name.startsWith(".")) {
          found.add(entry);
        }
      }
    } catch (IOException e) {
      throw InputException.in(folder)
          .problem("cannot be listed (" + InputException.reason(e) + ")")
          .cause(e)
          .exception();
    }
    for (Path path : found) {
      SafetensorsFile file = SafetensorsFile.open(path);
      files.add(file);
      if (!"pt".equals(file.metadata().get("format"))) {
        throw fault(path.getFileName().toString(), "metadata format pt", file.metadata() + "");
      }
      for (String name : file.names()) {
        if (tensors.put(name, file.tensor(name)) != null) {
          throw fault(name, "the tensor once", "it in two files");
        }
        bytes += file.tensor(name).byteSize();
      }
    }
  }

  private void index() {
    Path index = folder.resolve(INDEX);
    if (Files.exists(index) != files.size() > 1) {
      throw fault(INDEX, "an index just where there are several files", files.size() + " files");
    }
    if (files.size() > 1) {
      Map<String, Object> json = Json.readObject(index, Json.MAX_DOCUMENT_BYTES);
      Object size = Json.asObject(json.get("metadata"), index.toString()).get("total_size");
      if (!Long.valueOf(bytes).equals(size)) {
        throw fault(INDEX, "total_size " + bytes, Json.describe(size));
      }
      Map<String, Object> map = Json.asObject(json.get("weight_map"), index.toString());
      for (SafetensorsFile file : files) {
        for (String name : file.names()) {
          if (!file.path().getFileName().toString().equals(map.get(name))) {
            throw fault(name, "an entry in " + INDEX, Json.describe(map.get(name)));
          }
        }
      }
    }
  }

  private void heads(Checkpoint checkpoint) {
    for (String name : tensors.keySet()) {
      boolean matrix = FolderExport.isHead(name) && !name.endsWith(".bias");
      if (matrix && ModelConfig.saysTied(checkpoint)) {
        throw fault(name, "no head, since tie_word_embeddings is true", "the tensor");
      }
    }
  }

  /** Kernels of the GPTQ and AWQ families expect all else in half precision too. */
  private void halves(Checkpoint checkpoint, Set<String> kept) {
    if (ModelConfig.floatType(checkpoint.config()).orElse(null) != DType.F16) {
      throw fault("config.json", "dtype float16", "another");
    }
    for (String name : checkpoint.names()) {
      StoredTensor tensor = tensors.get(name);
      boolean float16 = tensor.dtype() == DType.F16 || !tensor.dtype().isFloat();
      if (!float16 && !kept.contains(name)) {
        throw fault(name, "type F16", tensor.storage());
      }
    }
  }

  private Map<String, Object> quantization(Checkpoint checkpoint) {
    Object inside = checkpoint.config().get(KEY);
    if (inside == null) {
      return Map.of();
    }
    for (String name : List.of("quantization_config.json", "quantize_config.json")) {
      Path side = folder.resolve(name);
      if (Files.exists(side)) {
        Map<String, Object> repeated = new LinkedHashMap<>(Json.readObject(side));
        // What only the readers of that file may see; the readers of the other refuse it.
        repeated.remove("meta");
        if (!repeated.equals(inside)) {
          throw fault(name, "the same as " + KEY + " in config.json", "another configuration");
        }
      }
    }
    return Json.asObject(inside, folder.resolve("config.json").toString());
  }

  private void packed(Checkpoint checkpoint, Map<String, Object> quantization) {
    PackedPlan plan =
        Declarations.plan(new QuantizationConfig(folder.toString(), quantization))
            .orElseThrow(
                () -> fault(KEY + ".quant_method", "a method that can be checked", "another"));
    boolean actOrder = Boolean.TRUE.equals(quantization.get("desc_act"));
    for (String module : checkpoint.quantizedNames()) {
      PackedLayout layout = plan.layout(module);
      QuantizedMatrix tensor = checkpoint.quantized(module).orElseThrow();
      // Small floats are held against their shapes when they are opened.
      if (!(layout instanceof SmallFloatLayout)) {
        parts(module, layout, tensor, actOrder);
      }
      scheme(module, plan.scheme(module), tensor.described().orElseThrow());
    }
    for (String module : plan.named()) {
      boolean stored = checkpoint.quantizedNames().contains(module);
      if (stored == plan.scheme(module).isFloat()) {
        throw fault(module, "the layer as declared", stored ? "it packed" : "no packed layer");
      }
      if (!stored && !tensors.containsKey(module + ".weight")) {
        throw fault(module + ".weight", "the tensor, which is declared float", "none");
      }
    }
  }

  private void parts(String module, PackedLayout layout, QuantizedMatrix tensor, boolean actOrder) {
    if (tensors.containsKey(module + ".weight") && !layout.parts().contains("weight")) {
      throw fault(module + ".weight", "only packed parts", "also a float weight");
    }
    boolean ordered = tensor.groupOfColumn() == null;
    boolean groups = tensors.containsKey(module + ".g_idx");
    // Loaders of the auto_gptq family allocate g_idx, and those of the others misread a needless
    // one.
    boolean needed = layout == Layouts.GPTQ || layout == Layouts.GPTQ_V2 || !ordered;
    if (groups != needed) {
      throw fault(
          module + ".g_idx", needed ? "the tensor" : "none in this layout", groups ? "it" : "none");
    }
    if (!ordered && layout == Layouts.GPTQ && !actOrder) {
      throw fault(module + ".g_idx", "groups in order, since desc_act is false", "another order");
    }
    String part = layout.parts().contains("scales") ? ".scales" : ".weight_scale";
    StoredTensor scales = tensors.get(module + part);
    // Float32 only on request: the scheme in memory has what is stored.
    if (scales.dtype() != DType.F16 && scales.dtype() != DType.F32) {
      throw fault(scales.name(), "type F16 or F32", scales.storage());
    }
  }

  private void scheme(String module, QuantScheme declared, QuantScheme stored) {
    if (!declared.toString().equals(stored.toString())) {
      throw fault(module, "the declared scheme " + declared, stored.toString());
    }
  }

  private InputException fault(String tensor, String expected, String found) {
    return InputException.in(folder)
        .place(tensor)
        .expected(expected)
        .found(found)
        .hint("the export is not what its format asks for; please report this")
        .exception();
  }
}

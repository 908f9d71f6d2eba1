package dev.ashlar.engine.quantize;

import dev.ashlar.engine.model.Model;
import dev.ashlar.engine.model.OutputFolder;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.export.ExportFormat;
import dev.ashlar.formats.export.ExportOptions;
import dev.ashlar.formats.export.ExportPlan;
import dev.ashlar.io.InputException;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.LayerSink;
import dev.ashlar.tuning.UnitPlan;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.method.UnitResult;
import dev.ashlar.tuning.plan.QuantizationPlan;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Writes codes that are in memory already as model folders, and reads them again. */
public final class CodesExport {
  private final Model model;
  private final QuantScheme base;
  private final UnitResult codes;
  private final Map<String, Object> settings;

  /**
   * @param model everything that is not quantized comes from here
   * @param base the scheme that most layers have
   * @param codes of the quantized layers, and tensors that changed with them
   * @param settings how codes were chosen, as exports record it
   */
  public CodesExport(
      Model model, QuantScheme base, UnitResult codes, Map<String, Object> settings) {
    this.model = model;
    this.base = base;
    this.codes = codes;
    this.settings = settings;
  }

  /** The codes that a packed checkpoint holds, in its order. */
  public static UnitResult of(Checkpoint packed) {
    Map<String, QuantizedMatrix> layers = new LinkedHashMap<>();
    for (String module : packed.quantizedNames()) {
      layers.put(module, packed.quantized(module).orElseThrow());
    }
    return UnitResult.of(layers);
  }

  /**
   * Writes one folder for each format: {@code folder} itself if there is only one.
   *
   * @param backend computes the logits that each folder must reproduce
   * @throws InputException if a format cannot hold the codes, or something cannot be written
   */
  public List<Written> write(Path folder, List<ExportFormat> formats, Backend backend) {
    Checkpoint source = model.checkpoint();
    Decoder floats = model.floats(backend);
    ModelTensors tensors = ModelTensors.of(floats.spec(), source);
    Map<String, QuantScheme> schemes = new LinkedHashMap<>();
    codes
        .layers()
        .forEach((module, tensor) -> schemes.put(module, tensor.described().orElseThrow()));
    ExportPlan plan = tensors.plan(base, schemes, settings);
    Exports.requirePossible(
        folder,
        formats,
        source,
        plan,
        codes.layers().values().stream().anyMatch(CodesExport::hasMore));
    try (OutputFolder output = OutputFolder.claim(folder, false, source);
        Exports exports =
            new Exports(output.path(), formats, source, tensors, plan, ExportOptions.defaults())) {
      TunedReference reference = TunedReference.of(floats, CalibrationSet.none());
      Set<String> given = new HashSet<>();
      for (UnitPlan.Entry unit : units(floats)) {
        give(unit.name() + ".", given, exports, reference);
        reference.finished(unit, Optional.empty());
      }
      give("", given, exports, reference);
      Set<String> others = floats.spec().others(source);
      exports.finish(others);
      return exports.verify(Optional.of(reference), tensors.whole(others));
    }
  }

  /** Whether a matrix is more than its scheme says: floats beside codes, or float minimums. */
  private static boolean hasMore(QuantizedMatrix q) {
    boolean scheme = q.groups() instanceof Groups.ZeroPoints || q.groups() instanceof Groups.Scales;
    return q.outliers().isPresent() || !scheme;
  }

  /** The blocks, in order. */
  private List<UnitPlan.Entry> units(Decoder floats) {
    QuantizationPlan plan = QuantizationPlan.uniform(base);
    return new UnitPlan(floats.spec(), floats.tiedHead(), plan, 1)
        .units().stream().filter(unit -> !unit.head()).toList();
  }

  /** Passes on everything of one block, or what was not passed on yet. */
  private void give(String prefix, Set<String> given, LayerSink first, LayerSink second) {
    codes
        .layers()
        .forEach(
            (module, tensor) -> {
              if (module.startsWith(prefix) && given.add(module)) {
                first.quantized(module, tensor);
                second.quantized(module, tensor);
              }
            });
    codes
        .tensors()
        .forEach(
            (name, tensor) -> {
              if (name.startsWith(prefix) && given.add(name)) {
                first.changed(name, tensor);
                second.changed(name, tensor);
              }
            });
  }
}

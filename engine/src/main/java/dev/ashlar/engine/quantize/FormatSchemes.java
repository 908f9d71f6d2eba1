package dev.ashlar.engine.quantize;

import dev.ashlar.engine.model.RenamedCheckpoint;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.export.ExportFormat;
import dev.ashlar.formats.export.ExportFormats;
import dev.ashlar.formats.export.ExportPlan;
import dev.ashlar.io.InputException;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.plan.QuantizationPlan;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Schemes that follow from a format: where it decides what each matrix is stored as and nobody says
 * more, codes are chosen for that and not for another grid first.
 */
public final class FormatSchemes {
  private FormatSchemes() {}

  /** The format that decides, if nothing is said of schemes: the only one that is written. */
  public static Optional<ExportFormat> deciding(List<ExportFormat> formats) {
    return formats.size() == 1
        ? formats.stream().filter(ExportFormat::choosesTypes).findFirst()
        : Optional.empty();
  }

  /** The format whose types a scheme's name stands for: {@code GGUF:Q4_K_M}, in any case. */
  public static Optional<ExportFormat> named(String scheme) {
    return ExportFormats.named(scheme.toLowerCase(Locale.ROOT)).filter(ExportFormat::choosesTypes);
  }

  /**
   * The formats to write where a scheme's name stands for the types of one.
   *
   * @param asked those that were asked for, none if nothing was said
   * @throws IllegalArgumentException if another was asked for
   */
  public static List<ExportFormat> agreed(ExportFormat ofScheme, List<ExportFormat> asked) {
    for (ExportFormat format : asked) {
      if (!format.equals(ofScheme)) {
        throw new IllegalArgumentException(
            "scheme "
                + ofScheme.name().toUpperCase(Locale.ROOT)
                + " is the types of format "
                + ofScheme.name()
                + ", and the format is to be "
                + format.name());
      }
    }
    return List.of(ofScheme);
  }

  /**
   * The plan with a scheme for each layer of a model of a known family.
   *
   * @throws InputException if the model cannot be quantized, or the format cannot hold it
   */
  static QuantizationPlan settled(QuantizeRequest request, Checkpoint source) {
    QuantizeJob.requireFloat(source);
    return settled(request, source, ModelTensors.of(FloatSource.load(source).spec(), source));
  }

  /**
   * The plan with a scheme for each layer: of those that suit what the layer is stored as, the
   * nearest that the method can do.
   *
   * @throws InputException if the format cannot hold the model
   */
  static QuantizationPlan settled(
      QuantizeRequest request, Checkpoint source, ModelTensors tensors) {
    QuantizationPlan plan = request.plan();
    ExportFormat format = request.schemesOf().orElseThrow();
    BlockQuantizer quantizer = request.quantizer();
    UnaryOperator<String> names = tensors.spelling(format, request.output().publishedNames());
    Map<String, QuantScheme> all = new LinkedHashMap<>();
    Map<String, Shape> shapes = new LinkedHashMap<>();
    for (StoredLinear l : tensors.linears()) {
      all.put(l.module(), plan.defaultScheme());
      shapes.put(names.apply(l.module()), Shape.of(l.out(), l.in()));
    }
    ExportPlan known = tensors.plan(plan.defaultScheme(), all, Map.of()).renamed(names);
    Checkpoint renamed = new RenamedCheckpoint(source, n -> names.apply(tensors.whole(n)));
    format
        .refusal(renamed, known)
        .ifPresent(
            reason -> {
              throw new InputException(reason);
            });
    Map<String, List<QuantScheme>> suiting = format.suiting(renamed, known, shapes);
    Map<String, QuantScheme> chosen = new LinkedHashMap<>();
    for (String module : all.keySet()) {
      List<QuantScheme> near = suiting.getOrDefault(names.apply(module), List.of());
      near.stream()
          .filter(scheme -> quantizer.refusal(scheme).isEmpty())
          .findFirst()
          .or(() -> near.reversed().stream().findFirst())
          .ifPresent(scheme -> chosen.put(module, scheme));
    }
    return plan.withSchemes(chosen);
  }
}

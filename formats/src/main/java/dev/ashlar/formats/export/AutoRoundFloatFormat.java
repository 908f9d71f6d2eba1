package dev.ashlar.formats.export;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Optional;
import java.util.function.Predicate;

/** AutoRound's folders of one kind of small floats, asked for by the name of their packing. */
final class AutoRoundFloatFormat extends FolderFormat {
  private static final AutoRoundFormat ANY = new AutoRoundFormat();

  private final String name;
  private final String schemes;
  private final Predicate<FloatGrid> kind;

  private AutoRoundFloatFormat(String name, String schemes, Predicate<FloatGrid> kind) {
    this.name = name;
    this.schemes = schemes;
    this.kind = kind;
  }

  /** Powers of two and FP8 as scales. */
  static AutoRoundFloatFormat blocks() {
    return new AutoRoundFloatFormat(
        "auto_round:llm_compressor",
        "MXFP4, MXFP8 and NVFP4",
        grid -> grid.scale() != FloatGrid.Scale.F32);
  }

  /** FP8 beside inputs with fixed scales. */
  static AutoRoundFloatFormat fixed() {
    return new AutoRoundFloatFormat(
        "auto_round:fp8_static",
        "FP8_STATIC",
        grid ->
            grid.scale() == FloatGrid.Scale.F32
                && grid.activations().filter(a -> !a.dynamic()).isPresent());
  }

  /** FP8 in other ways. */
  static AutoRoundFloatFormat others() {
    return new AutoRoundFloatFormat(
        "auto_round:fp8",
        "FP8_BLOCK and FPW8A16",
        grid ->
            grid.scale() == FloatGrid.Scale.F32
                && grid.activations().filter(a -> !a.dynamic()).isEmpty());
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String description() {
    return ANY.description();
  }

  @Override
  public Optional<String> refusal(WeightSource source, ExportPlan plan) {
    QuantScheme base = plan.base();
    return base instanceof FloatGrid grid && kind.test(grid)
        ? SmallFloatFolders.refusal(name, source, plan)
        : Optional.of("format " + name + " is for schemes " + schemes + ", not for " + base);
  }

  @Override
  void warn(Checkpoint source, ExportPlan plan) {
    ANY.warn(source, plan);
  }

  @Override
  FolderExport.Style style(Checkpoint source, ExportPlan plan) {
    return ANY.style(source, plan);
  }
}

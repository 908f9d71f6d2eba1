package dev.ashlar.formats.layout;

import dev.ashlar.formats.checkpoint.CheckpointNotes;
import dev.ashlar.formats.checkpoint.PackedReader;
import dev.ashlar.formats.checkpoint.StoredTensors;
import dev.ashlar.io.InputException;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.ActivationScheme;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The packed linear maps among a checkpoint's tensors: which there are, which tensors are their
 * parts, and the matrices themselves.
 *
 * <p>What the configuration declares is held against what is stored. Contradictions that the
 * tensors settle are settled so, with a warning; others are refused when the checkpoint is opened.
 */
public final class PackedCheckpoint implements PackedReader {
  private static final String WEIGHT = ".weight";

  /** Where all is declared float: the most frequent grid, which shapes then contradict or not. */
  private static final IntegerGrid SUPPOSED = new IntegerGrid(4, -1, true);

  /**
   * @param inputs how inputs are rounded, with what is stored beside the module
   */
  private record Entry(
      PackedLayout layout,
      PackedModule packed,
      IntegerGrid declared,
      Optional<ActivationScheme> inputs) {}

  private final Map<String, Entry> modules = new LinkedHashMap<>();
  private final Map<String, PackedGeometry> geometries = new LinkedHashMap<>();
  private final Set<String> parts = new LinkedHashSet<>();

  private PackedCheckpoint() {}

  /**
   * Finds and checks the packed linear maps; empty if the configuration is of another kind, or if
   * there is none and no packed tensor either.
   *
   * @param quantization the quantization configuration; empty if there is none
   * @throws InputException if the configuration is not supported or contradicts the tensors
   */
  public static Optional<PackedReader> open(
      Map<String, Object> quantization, StoredTensors tensors) {
    String file = tensors.path().toString();
    CheckpointNotes notes = new CheckpointNotes(file);
    Optional<PackedPlan> plan =
        quantization.isEmpty()
            ? UndeclaredPlan.detect(file, tensors, notes)
            : Declarations.plan(new QuantizationConfig(file, quantization));
    return plan.map(found -> of(found, tensors, notes, Set.of()));
  }

  /**
   * The packed linear maps that a plan is for.
   *
   * @param others modules that another reader has
   */
  static PackedReader of(
      PackedPlan plan, StoredTensors tensors, CheckpointNotes notes, Set<String> others) {
    PackedCheckpoint checkpoint = new PackedCheckpoint();
    checkpoint.collect(tensors.path().toString(), plan, tensors, notes);
    checkpoint.compare(plan, tensors, notes, others);
    if (plan.layouts().contains(Layouts.AWQ)) {
      checkpoint.parts.addAll(ActivationScales.read(tensors));
    }
    return checkpoint;
  }

  private void collect(String file, PackedPlan plan, StoredTensors tensors, CheckpointNotes notes) {
    for (PackedLayout layout : plan.layouts()) {
      String marker = "." + layout.parts().getFirst();
      for (String name : tensors.names()) {
        if (name.endsWith(marker)) {
          String module = name.substring(0, name.length() - marker.length());
          if (plan.layout(module, tensors) == layout) {
            add(file, module, layout, plan, tensors, notes);
          }
        }
      }
    }
  }

  private void add(
      String file,
      String module,
      PackedLayout layout,
      PackedPlan plan,
      StoredTensors tensors,
      CheckpointNotes notes) {
    Map<String, StoredTensor> found = new LinkedHashMap<>();
    for (String part : layout.parts()) {
      tensors
          .find(module + "." + part)
          .ifPresent(
              tensor -> {
                found.put(part, tensor);
                parts.add(tensor.name());
              });
    }
    if (plan.scheme(module).isFloat()) {
      tellDeclaredFloat(module, notes);
    }
    QuantScheme declared = plan.scheme(module, layout);
    PackedModule packed = new PackedModule(file, module, found, notes);
    IntegerGrid grid = declared instanceof IntegerGrid integers ? integers : SUPPOSED;
    geometries.put(module, layout.geometry(packed, grid));
    Optional<ActivationScheme> inputs = InputParts.read(tensors, module, grid.activations());
    inputs
        .filter(ActivationScheme::needsLargest)
        .ifPresent(a -> parts.add(InputParts.name(module, a)));
    modules.put(module, new Entry(layout, packed, grid, inputs));
  }

  static void tellDeclaredFloat(String module, CheckpointNotes notes) {
    notes.tell(
        "declared float",
        module + " is declared to be float but is stored packed; believing the tensors");
  }

  private void compare(
      PackedPlan plan, StoredTensors tensors, CheckpointNotes notes, Set<String> others) {
    for (String module : modules.keySet()) {
      if (tensors.find(module + WEIGHT).isPresent() && !parts.contains(module + WEIGHT)) {
        parts.add(module + WEIGHT);
        notes.tell(
            "stored twice", module + " is stored both packed and as .weight; using the packed one");
      }
    }
    for (String module : plan.named()) {
      if (tensors.find(module + WEIGHT).isPresent()
          && !modules.containsKey(module)
          && !others.contains(module)
          && !plan.scheme(module).isFloat()) {
        notes.tell(
            "declared packed",
            module + " is declared to be packed but is stored as float; believing the tensors");
      }
    }
    if (modules.isEmpty() && others.isEmpty() && !plan.baseScheme().isFloat()) {
      notes.tell(
          "nothing packed",
          "declared " + plan.baseScheme() + " but no tensor is packed; reading it as float");
    }
  }

  @Override
  public Set<String> modules() {
    return Collections.unmodifiableSet(modules.keySet());
  }

  @Override
  public Set<String> parts() {
    return Collections.unmodifiableSet(parts);
  }

  /** Extents and scheme of a packed linear map, without reading it. */
  public Optional<PackedGeometry> geometry(String module) {
    return Optional.ofNullable(geometries.get(module));
  }

  @Override
  public Shape shape(String module) {
    PackedGeometry geometry = geometries.get(module);
    return Shape.of(geometry.out(), geometry.in());
  }

  /** The layout of a packed linear map. */
  public Optional<PackedLayout> layout(String module) {
    return Optional.ofNullable(modules.get(module)).map(Entry::layout);
  }

  @Override
  public QuantizedMatrix read(String module) {
    Entry entry = modules.get(module);
    if (entry == null) {
      throw new IllegalArgumentException("not a packed module: " + module);
    }
    return entry.layout().unpack(entry.packed(), entry.declared()).withInputs(entry.inputs());
  }
}

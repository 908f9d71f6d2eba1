package dev.ashlar.formats.layout;

import dev.ashlar.formats.checkpoint.CheckpointNotes;
import dev.ashlar.formats.checkpoint.PackedReader;
import dev.ashlar.formats.checkpoint.StoredTensors;
import dev.ashlar.io.InputException;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Checkpoints of compressed-tensors (docs/formats.md, compressed-tensors), whose layers may lie in
 * different layouts: each is read by what its tensors are, integers by {@link PackedCheckpoint} and
 * small floats by {@link SmallFloatWeights}.
 */
public final class CompressedTensorsWeights implements PackedReader {
  private final PackedReader integers;
  private final PackedReader floats;
  private final Set<String> modules;
  private final Set<String> parts;

  private CompressedTensorsWeights(PackedReader integers, PackedReader floats) {
    this.integers = integers;
    this.floats = floats;
    this.modules = union(integers.modules(), floats.modules());
    this.parts = union(integers.parts(), floats.parts());
  }

  /**
   * Finds and checks the packed linear maps; empty if the configuration is of another kind.
   *
   * @throws InputException if the configuration is not supported or contradicts the tensors
   */
  public static Optional<PackedReader> open(
      Map<String, Object> quantization, StoredTensors tensors) {
    QuantizationConfig config = new QuantizationConfig(tensors.path().toString(), quantization);
    CompressedTensorsDeclaration declaration = new CompressedTensorsDeclaration();
    if (!declaration.reads(config.method())) {
      return Optional.empty();
    }
    CheckpointNotes notes = new CheckpointNotes(config.file());
    CompressedGroups groups = declaration.plan(config);
    PackedReader floats = SmallFloatWeights.of(groups, tensors, notes);
    PackedReader integers = PackedCheckpoint.of(groups, tensors, notes, floats.modules());
    CompressedTensorsWeights both = new CompressedTensorsWeights(integers, floats);
    for (String module : both.modules()) {
      PackedLayout stored = groups.layout(module, tensors);
      PackedLayout declared = groups.layout(module);
      if (!groups.scheme(module).isFloat() && !CompressedLayouts.alike(stored, declared)) {
        notes.tell(
            "layout contradicted",
            module
                + " is declared to be "
                + declared.name()
                + " but is stored as "
                + stored.name()
                + "; believing the tensors");
      }
    }
    return Optional.of(both);
  }

  private static Set<String> union(Set<String> a, Set<String> b) {
    Set<String> all = new LinkedHashSet<>(a);
    all.addAll(b);
    return Collections.unmodifiableSet(all);
  }

  private PackedReader reader(String module) {
    return floats.modules().contains(module) ? floats : integers;
  }

  @Override
  public Set<String> modules() {
    return modules;
  }

  @Override
  public Set<String> parts() {
    return parts;
  }

  @Override
  public Shape shape(String module) {
    return reader(module).shape(module);
  }

  @Override
  public QuantizedMatrix read(String module) {
    return reader(module).read(module);
  }
}

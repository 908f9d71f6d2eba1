package dev.ashlar.engine.model;

import dev.ashlar.formats.adapter.Adapter;
import dev.ashlar.formats.adapter.AdapterFile;
import dev.ashlar.formats.adapter.Adapters;
import dev.ashlar.formats.adapter.LowRank;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.io.InputException;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.nn.layer.LowRankWeight;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.weights.StoredTensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Adapters that go with a model, matched with its linear maps and read. They are computed beside
 * the model's own weights, which stay as they are; a copy of the model has them merged.
 */
final class AppliedAdapters {
  /** None. */
  static final AppliedAdapters NONE = new AppliedAdapters(Map.of());

  /**
   * A map's change by one adapter.
   *
   * @param down {@code [rank, in]}
   * @param up {@code [out, rank]}
   */
  record Change(Tensor down, Tensor up, float scale) {}

  private final Map<String, List<Change>> changes;

  private AppliedAdapters(Map<String, List<Change>> changes) {
    this.changes = changes;
  }

  /**
   * Reads adapters for a model; of several that change one map, all count.
   *
   * @throws InputException if one cannot be read, or does not fit the model
   */
  static AppliedAdapters read(List<AdapterFile> files, DecoderSpec spec, Checkpoint model) {
    if (files.isEmpty()) {
      return NONE;
    }
    AdaptedModules modules = new AdaptedModules(spec, model);
    Map<String, List<Change>> changes = new LinkedHashMap<>();
    for (AdapterFile file : files) {
      try (Adapter adapter =
          Adapters.open(file.path(), model.config(), m -> modules.find(m).isPresent())) {
        for (LowRank part : adapter.parts()) {
          String module = module(adapter, part, modules, model);
          Change change = change(adapter.path(), part, modules.map(module), file.scale());
          changes.computeIfAbsent(module, m -> new ArrayList<>()).add(change);
        }
      }
    }
    return new AppliedAdapters(changes);
  }

  private static String module(
      Adapter adapter, LowRank part, AdaptedModules modules, Checkpoint model) {
    return modules
        .find(part.module())
        .orElseThrow(
            () ->
                InputException.in(adapter.path())
                    .place(part.place())
                    .expected("a linear map of " + model.path() + ", such as " + modules.example())
                    .found(part.module() + ", which it does not have or which cannot be adapted")
                    .hint("the adapter is of another model, or adapts a router or a tied head")
                    .exception());
  }

  private static Change change(Path file, LowRank part, LinearSpec map, double scale) {
    long rank = part.down().shape().dim(0);
    require(file, part.down(), part.place(), Shape.of(rank, map.in()));
    require(file, part.up(), part.place(), Shape.of(map.out(), rank));
    float factor = (float) (part.scale() * scale);
    if (!Float.isFinite(factor)) {
      throw InputException.in(file)
          .place(part.place())
          .expected("a scale within single precision")
          .found(part.scale() + " times " + scale)
          .hint("give a smaller one behind the adapter's path")
          .exception();
    }
    return new Change(read(file, part.down()), read(file, part.up()), factor);
  }

  private static void require(Path file, StoredTensor factor, String place, Shape expected) {
    if (!factor.shape().equals(expected)) {
      throw InputException.in(file)
          .place(factor.name().isEmpty() ? place : factor.name())
          .expected("shape " + expected)
          .found("shape " + factor.shape())
          .hint("the adapter is of another model")
          .exception();
    }
  }

  private static Tensor read(Path file, StoredTensor factor) {
    Tensor t = factor.toTensor();
    if (!Backends.chosen().elementwise().allFinite(t.size(), t.data(), 0)) {
      throw InputException.in(file)
          .place(factor.name())
          .expected("finite values")
          .found("NaN or infinity")
          .hint("the adapter is damaged")
          .exception();
    }
    return t;
  }

  boolean isEmpty() {
    return changes.isEmpty();
  }

  /** The decoder with the changes beside its weights. */
  Decoder besides(Decoder decoder) {
    if (isEmpty()) {
      return decoder;
    }
    return decoder.mapWeights(
        (name, weight) -> {
          Weight changed = weight;
          for (Change c : changes.getOrDefault(name, List.of())) {
            changed = new LowRankWeight(changed, c.down(), c.up(), c.scale());
          }
          return changed;
        });
  }

  /** A copy of {@code source}, which has the model's tensors in any spelling, with the changes. */
  Checkpoint merged(Checkpoint source, DecoderSpec spec) {
    return isEmpty() ? source : MergedCheckpoint.of(source, spec, changes);
  }

  /** Whether all maps that are changed have a tensor of their own. */
  boolean apart(AdaptedModules modules) {
    return changes.keySet().stream().allMatch(m -> modules.map(m).stack().isEmpty());
  }
}

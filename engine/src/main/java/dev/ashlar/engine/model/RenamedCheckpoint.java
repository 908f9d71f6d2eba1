package dev.ashlar.engine.model;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.checkpoint.CheckpointNotes;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import dev.ashlar.text.TokenizerSource;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/** A checkpoint whose tensors go by the names that an export gives them. */
public class RenamedCheckpoint extends Checkpoint {
  private final Checkpoint source;
  private final Map<String, String> stored = new LinkedHashMap<>();
  private final Map<String, String> packed = new LinkedHashMap<>();

  /**
   * @param names from the source's names to the others
   */
  public RenamedCheckpoint(Checkpoint source, UnaryOperator<String> names) {
    this.source = source;
    source.names().forEach(name -> stored.put(names.apply(name), name));
    source.quantizedNames().forEach(name -> packed.put(names.apply(name), name));
  }

  @Override
  public Path path() {
    return source.path();
  }

  @Override
  public String kind() {
    return source.kind();
  }

  @Override
  public boolean mixesFloatTypes() {
    return source.mixesFloatTypes();
  }

  @Override
  public TokenizerSource tokenizer() {
    return source.tokenizer();
  }

  @Override
  public Map<String, Object> generationConfig() {
    return source.generationConfig();
  }

  @Override
  public void requireTarget(Path folder) {
    source.requireTarget(folder);
  }

  @Override
  public void writeSideFiles(Path folder) {
    source.writeSideFiles(folder);
  }

  @Override
  public Map<String, Object> config() {
    return source.config();
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(stored.keySet());
  }

  @Override
  public Optional<StoredTensor> find(String name) {
    return Optional.ofNullable(stored.get(name)).flatMap(source::find).map(t -> t.renamed(name));
  }

  @Override
  public Set<String> quantizedNames() {
    return Collections.unmodifiableSet(packed.keySet());
  }

  @Override
  public Optional<QuantizedMatrix> quantized(String module) {
    return Optional.ofNullable(packed.get(module)).flatMap(source::quantized);
  }

  @Override
  public Optional<Shape> quantizedShape(String module) {
    return Optional.ofNullable(packed.get(module)).flatMap(source::quantizedShape);
  }

  @Override
  public long quantizedBytes(String module) {
    return packed.containsKey(module) ? source.quantizedBytes(packed.get(module)) : 0;
  }

  @Override
  public CheckpointNotes notes() {
    return source.notes();
  }

  /** The source is closed by whoever opened it. */
  @Override
  public void close() {}
}

package dev.ashlar.engine.model;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.checkpoint.HeadTie;
import dev.ashlar.io.InputException;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.DecoderSpec;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * A checkpoint as a copy of it should be: its configuration says what its tensors show, and of a
 * tied pair that is stored as the head it has the embedding, as all readers know it.
 */
final class CorrectedCheckpoint extends RenamedCheckpoint {
  private static final String WEIGHT = ".weight";

  private final Map<String, Object> config;

  private CorrectedCheckpoint(
      Checkpoint source, UnaryOperator<String> names, Map<String, Object> config) {
    super(source, names);
    this.config = config;
  }

  /** The same, or the checkpoint itself where nothing is wrong or the family is not known. */
  static Checkpoint of(Checkpoint source) {
    DecoderSpec spec;
    Map<String, Object> corrections;
    try {
      Checkpoint unheard = new Unheard(source);
      spec = Architectures.spec(unheard);
      corrections = Architectures.corrections(spec, unheard);
    } catch (InputException e) {
      return source;
    }
    String head = spec.head().output().name() + WEIGHT;
    String table = spec.embedding().name() + WEIGHT;
    boolean onlyHead = spec.storedName(table, source).equals(head);
    if (corrections.isEmpty() && !onlyHead) {
      return source;
    }
    corrections.forEach(
        (key, stored) ->
            source.note(
                key,
                "the tensors contradict the configuration's "
                    + key
                    + "; the copy has what is stored ("
                    + stored
                    + ") and says so"));
    return new CorrectedCheckpoint(
        source,
        name -> onlyHead && name.equals(head) ? table : name,
        HeadTie.corrected(source.config(), corrections));
  }

  @Override
  public Map<String, Object> config() {
    return config;
  }

  /** What it tells is about running the model; a copy has all there is. */
  private static final class Unheard extends RenamedCheckpoint {
    Unheard(Checkpoint source) {
      super(source, UnaryOperator.identity());
    }

    @Override
    public void note(String kind, String sentence) {}
  }
}

package dev.ashlar.cli.model;

import dev.ashlar.formats.Checkpoint;
import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.TokenizerSource;
import dev.ashlar.formats.tokenizer.Tokenizer;
import dev.ashlar.formats.tokenizer.Tokenizers;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.kernel.Backends;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * A model open for use: checkpoint, tokenizer, decoder. The last two are made at first use, so that
 * a command which needs neither does not fail for them. Not thread-safe.
 */
public final class Model implements AutoCloseable {
  private final Checkpoint checkpoint;
  private Tokenizer tokenizer;
  private Decoder decoder;
  private Decoder runner;

  private Model(Checkpoint checkpoint) {
    this.checkpoint = checkpoint;
  }

  /** Opens the model a user names; see {@link ModelPaths}. */
  public static Model open(String name) {
    return open(ModelPaths.resolve(name));
  }

  /** Opens the model in a folder or file. */
  public static Model open(Path path) {
    return new Model(Checkpoints.open(path));
  }

  public Checkpoint checkpoint() {
    return checkpoint;
  }

  public Tokenizer tokenizer() {
    if (tokenizer == null) {
      tokenizer =
          switch (checkpoint.tokenizer()) {
            case TokenizerSource.Folder f -> Tokenizers.fromFolder(f.folder());
            case TokenizerSource.Metadata m -> Tokenizers.fromGguf(m.values(), m.file().toString());
          };
    }
    return tokenizer;
  }

  public Decoder decoder() {
    if (decoder == null) {
      decoder = Architectures.load(checkpoint);
    }
    return decoder;
  }

  /**
   * The decoder for running the model, not for changing it: matrices stay packed as the checkpoint
   * stores them, so that a token reads their codes and not four bytes for each weight.
   */
  public Decoder runner() {
    if (runner == null) {
      runner = Architectures.loadPacked(checkpoint, Backends.chosen());
    }
    return runner;
  }

  /** Tokens that end a text: those of the configuration and the tokenizer's own. */
  public Set<Integer> stopTokens() {
    Set<Integer> stops = new LinkedHashSet<>();
    Object configured = checkpoint.config().get("eos_token_id");
    List<?> ids = configured instanceof List<?> list ? list : List.of();
    for (Object id : configured instanceof Number n ? List.of(n) : ids) {
      if (id instanceof Number n) {
        stops.add(n.intValue());
      }
    }
    tokenizer().eos().ifPresent(stops::add);
    return stops;
  }

  @Override
  public void close() {
    checkpoint.close();
  }
}

package dev.ashlar.engine.finetune;

import dev.ashlar.io.InputException;
import dev.ashlar.io.file.AtomicFile;
import dev.ashlar.io.file.WholeFile;
import dev.ashlar.tuning.lora.LoraTraining;
import dev.ashlar.tuning.lora.TrainingState;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;

/** The state of a training in a hidden file of its output folder, until it has ended. */
final class KeptState {
  private static final String NAME = ".ashlar-finetune";

  /** Writing takes longer the more is trained; a kill costs so much. */
  private static final long SPAN_NANOS = 20_000_000_000L;

  private final Path file;
  private final LoraTraining training;
  private final String identity;
  private long kept = System.nanoTime();

  private KeptState(Path file, LoraTraining training, String identity) {
    this.file = file;
    this.training = training;
    this.identity = identity;
  }

  static KeptState of(Path folder, LoraTraining training, String identity) {
    return new KeptState(folder.resolve(NAME), training, identity);
  }

  /**
   * Goes on from what is there.
   *
   * @param force whether the state of another training is forgotten rather than refused
   * @return the loss that was measured before the first step, if there is a state
   */
  Optional<Double> resume(boolean force) {
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      return Optional.empty();
    }
    byte[] bytes = WholeFile.bytes(file, Integer.MAX_VALUE - 8, "the state of a training");
    try {
      return Optional.of(TrainingState.restore(bytes, training, identity));
    } catch (TrainingState.OtherTrainingException e) {
      if (force) {
        return Optional.empty();
      }
      throw InputException.in(file)
          .problem(e.getMessage())
          .hint(
              "give the same model, data and options as before, another --output-dir, or --force to"
                  + " begin again")
          .cause(e)
          .exception();
    }
  }

  /** Writes the state, if the last time is some while ago or {@code now}. */
  void keep(double before, boolean now) {
    if (now || System.nanoTime() - kept > SPAN_NANOS) {
      AtomicFile.write(file, TrainingState.save(training, identity, before));
      kept = System.nanoTime();
    }
  }

  void remove() {
    AtomicFile.delete(file);
  }
}

package dev.ashlar.engine.finetune;

import dev.ashlar.io.InputException;
import dev.ashlar.io.file.AtomicFile;
import dev.ashlar.tuning.lora.LoraTraining;
import dev.ashlar.tuning.lora.TrainingState;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;

/** The state of a training in a hidden file of its output folder, until it has ended. */
final class KeptState {
  private static final String NAME = ".ashlar-finetune";

  /** From one writing to the next: what a kill costs at least and at most. */
  private static final long LEAST_NANOS = 1_000_000_000L;

  private static final long MOST_NANOS = 20_000_000_000L;

  /** So many times as long as a writing takes is trained before the next. */
  private static final long SHARE = 50;

  private final Path file;
  private final LoraTraining training;
  private final String identity;
  private long kept = System.nanoTime();
  private long span = LEAST_NANOS;

  private KeptState(Path file, LoraTraining training, String identity) {
    this.file = file;
    this.training = training;
    this.identity = identity;
  }

  static KeptState of(Path folder, LoraTraining training, String identity) {
    return new KeptState(folder.resolve(NAME), training, identity);
  }

  /** Whether a run into that folder has not ended. */
  static boolean isIn(Path folder) {
    return Files.isRegularFile(folder.resolve(NAME), LinkOption.NOFOLLOW_LINKS);
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
    try (FileChannel in = FileChannel.open(file, LinkOption.NOFOLLOW_LINKS)) {
      return Optional.of(TrainingState.restore(in, training, identity));
    } catch (IOException e) {
      throw InputException.unreadable(file, e);
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
    long start = System.nanoTime();
    if (now || start - kept > span) {
      AtomicFile.write(file, out -> TrainingState.save(training, identity, before, out));
      kept = System.nanoTime();
      span = Math.clamp(SHARE * (kept - start), LEAST_NANOS, MOST_NANOS);
    }
  }

  void remove() {
    AtomicFile.delete(file);
  }
}

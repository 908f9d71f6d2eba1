package dev.ashlar.formats.export;

import dev.ashlar.tensor.weights.StoredTensor;
import dev.ashlar.tensor.weights.WeightSink;
import java.nio.file.Path;
import java.util.Optional;

/** The writing end of an export. */
public interface ExportSink extends WeightSink {
  /**
   * Copies a tensor that is no part of the language model: byte for byte, in its own type even
   * where the format has another one for floats.
   */
  void keep(StoredTensor tensor);

  /**
   * Takes what each input of a matrix counts, before the matrix; formats that round nothing need
   * not listen.
   *
   * @param module its name without {@code .weight}
   * @param squares sums of squares of what flows into it, {@code [in]}; not changed
   */
  default void importance(String module, float[] squares) {}

  /** Ends the present weight file, if anything is in it: the next tensor begins another. */
  void endShard();

  /**
   * Makes everything ready that {@link #finish()} then puts in place; no tensor can be added any
   * more.
   *
   * @return what is going to be published, where it can be opened and checked before it replaces
   *     anything; empty for formats whose files come together only when they are published
   */
  default Optional<Path> ready() {
    return Optional.empty();
  }

  /** What was written; complete after {@link #finish()}. */
  ExportSummary summary();
}

package dev.ashlar.tuning.work;

import dev.ashlar.tuning.method.UnitResult;
import java.util.Optional;

/**
 * Where the finished units of a job are, and who works on the others. A run takes what is here and
 * nothing else of an earlier run; whoever has a unit's lease may work on it, in this process or in
 * another.
 */
public interface UnitStore {
  /** The right to work on one unit. Closing it without publishing lets others try. */
  interface Lease extends AutoCloseable {
    /**
     * Keeps the finished unit; when this returns, it is where others find it.
     *
     * @param unit name of the unit
     * @param weights checksum of the float weights that it was made from
     */
    void publish(String unit, long weights, UnitResult result);

    @Override
    void close();
  }

  /**
   * The finished unit {@code index}, if it is here and whole.
   *
   * @param weights checksum of the float weights that it must have been made from
   */
  Optional<UnitResult> find(int index, String unit, long weights);

  /**
   * Whether unit {@code index} seems to be here, for estimates: {@link #find} may think otherwise.
   */
  default boolean seemsToHave(int index) {
    return false;
  }

  /** The right to work on unit {@code index}; empty while somebody else has it. */
  Optional<Lease> lease(int index);
}

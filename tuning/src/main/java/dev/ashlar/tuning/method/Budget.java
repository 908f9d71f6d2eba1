package dev.ashlar.tuning.method;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A time in place of numbers: how many samples and steps a run has follows from it and from how
 * fast the machine is. What was chosen is kept with the run's units, since it decides the result
 * and no later measurement would come out alike.
 *
 * <p>The last number, of the steps of the {@link Finish}, is chosen when all units are done, by the
 * time that is left.
 */
public interface Budget {
  /** What a run may take, from the first measurement to the end of its finish. */
  Duration time();

  /**
   * What a unit takes on this machine, measured on a sample of it; cheap beside the real run.
   *
   * @param task a unit with a few samples
   */
  Cost cost(UnitTask task);

  /**
   * Chooses numbers for what is left of {@link #time}.
   *
   * @param left without what was spent on measuring
   * @param available calibration samples that there are
   */
  Choice choose(Speed speed, Duration left, int available);

  /** The options that give the same run without a time. */
  MethodOptions options(Numbers numbers);

  /** The method of {@link #options}. */
  BlockQuantizer quantizer(Numbers numbers);

  /** The same numbers with so many steps of the finish. */
  Numbers with(Numbers numbers, int steps);

  /**
   * What {@link BlockQuantizer#quantize} takes.
   *
   * @param fixed seconds of a unit, however many samples there are
   * @param sample seconds that each sample adds
   */
  record Cost(double fixed, double sample) {
    /** Both together. */
    public Cost plus(Cost other) {
      return new Cost(fixed + other.fixed, sample + other.sample);
    }

    /** So many of it. */
    public Cost times(double factor) {
      return new Cost(fixed * factor, sample * factor);
    }
  }

  /**
   * How fast a run goes.
   *
   * @param units how many there are
   * @param unit what one takes on average, streams included
   * @param pass seconds of one sample on its way through the model and its head
   */
  record Speed(int units, Cost unit, double pass) {}

  /**
   * Numbers that decide a run.
   *
   * @param samples calibration samples, units and finish together
   * @param options of the method, by name
   */
  record Numbers(int samples, Map<String, Integer> options) {
    public Numbers {
      options = Collections.unmodifiableMap(new LinkedHashMap<>(options));
    }
  }

  /**
   * Numbers and what the user should know of them.
   *
   * @param warning one sentence
   */
  record Choice(Numbers numbers, Optional<String> warning) {}
}

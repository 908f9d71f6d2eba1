package dev.ashlar.tuning.feedback;

import dev.ashlar.tuning.finish.EndToEndOptions;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.Budget;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.method.UnitTask;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What a time comes to: a part of it for the layers, the rest for steps end to end, each of the
 * latter on samples that nothing has seen where the text has so many.
 *
 * @param options that were given, the time among them
 * @param ending with what was given of it
 * @param measured the method without a time, which is timed
 */
record FeedbackBudget(
    FeedbackMethod method,
    MethodOptions options,
    double minutes,
    EndToEndOptions ending,
    Feedback measured)
    implements Budget {
  /** Of the time, for the layers; {@code docs/recipe.md} says what is known of it. */
  private static final double LAYERS = 0.4;

  /** Samples that layers get before anything else: none are worth more, see the same page. */
  private static final int ENOUGH = 32;

  /** Samples beyond which layers gain little, and those without which they are not solved. */
  private static final int MANY = 256;

  private static final int FEW = 4;

  /** What the layers may take where there is no time for anything else. */
  private static final double ALL = 0.85;

  /** Where what does not depend on samples takes more than this, less is descended. */
  private static final double SOLVING = 0.3;

  private static final int QUICK_SWEEPS = 2;
  private static final int QUICK_REFITS = 1;

  /** Passes of a sample in a step: forward, forward again, and back, which is two products. */
  private static final int PASSES = 4;

  /** Steps usually go faster than was measured at the start. */
  private static final double MARGIN = 1.25;

  @Override
  public Duration time() {
    return Duration.ofNanos((long) (minutes * 6e10));
  }

  @Override
  public Cost cost(UnitTask task) {
    return measured.cost(task);
  }

  @Override
  public Choice choose(Speed speed, Duration left, int available) {
    double time = left.toNanos() / 1e9;
    double fixed = speed.units() * speed.unit().fixed();
    double each = speed.units() * speed.unit().sample();
    double least = fixed + Math.min(FEW, available) * each;
    Map<String, Integer> numbers = new LinkedHashMap<>();
    if (fixed > SOLVING * time) {
      quicken(numbers);
    }
    // Held-out samples see the float model once and the quantized one twice.
    double judging = 3 * ending.heldOut() * speed.pass();
    double step = (PASSES + 1) * ending.batch() * speed.pass();
    int most = Math.max(1, available / 2);
    double first = Math.min(ENOUGH, (ALL * time - fixed) / each);
    int layers = clamp(Math.max(first, (LAYERS * time - fixed) / each), most);
    double rest = time - fixed - layers * each - judging;
    if (rest < 2 * step) {
      layers = clamp((ALL * time - fixed) / each, Math.max(1, available - ending.heldOut() - 1));
      rest = 0;
    }
    int steps = Math.max(1, (int) (rest / step));
    long fresh = ending.heldOut() + (long) Math.ceil(MARGIN * steps * ending.batch());
    int samples = (int) Math.min(available, layers + Math.max(2, fresh));
    numbers.put(FeedbackMethod.LAYER_SAMPLES, layers);
    numbers.put(FeedbackMethod.STEPS, steps);
    Optional<String> warning =
        least > time
            ? Optional.of(
                String.format(
                    Locale.ROOT,
                    "%.3g minutes are less than the least that can be done, which takes about %.2g"
                        + " minutes on this machine and is done",
                    minutes,
                    (time().toNanos() / 1e9 - time + least) / 60))
            : Optional.empty();
    return new Choice(new Numbers(samples, numbers), warning);
  }

  /** Fewer sweeps and refits, unless somebody asked for a number. */
  private void quicken(Map<String, Integer> numbers) {
    if (!options.has(FeedbackMethod.SWEEPS)) {
      numbers.put(FeedbackMethod.SWEEPS, QUICK_SWEEPS);
    }
    if (!options.has(FeedbackMethod.REFITS)) {
      numbers.put(FeedbackMethod.REFITS, QUICK_REFITS);
    }
  }

  private static int clamp(double samples, int most) {
    return (int) Math.clamp(samples, Math.min(FEW, most), Math.min(MANY, most));
  }

  @Override
  public MethodOptions options(Numbers numbers) {
    Map<String, String> all = options.without(FeedbackMethod.MINUTES).values();
    numbers.options().forEach((name, n) -> all.put(name, Integer.toString(n)));
    return MethodOptions.of(all);
  }

  @Override
  public BlockQuantizer quantizer(Numbers numbers) {
    return method.create(options(numbers));
  }

  @Override
  public Numbers with(Numbers numbers, int steps) {
    Map<String, Integer> all = new LinkedHashMap<>(numbers.options());
    all.put(FeedbackMethod.STEPS, steps);
    return new Numbers(numbers.samples(), all);
  }
}

package dev.ashlar.tuning.feedback;

import dev.ashlar.tuning.finish.EndToEndOptions;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.method.MethodOptions;
import java.util.List;
import java.util.stream.Stream;

/** Error feedback as users see it. */
final class FeedbackMethod implements Method {
  private static final String DAMPING = "damping";
  private static final String FEEDBACK = "feedback";
  private static final String SWEEPS = "sweeps";
  private static final String REFITS = "refits";
  private static final String STEPS = "steps";
  private static final String RATE = "rate";
  private static final String NORM_RATE = "norm_rate";
  private static final String STEP_SAMPLES = "step_samples";
  private static final String SHARE = "share";
  private static final String HELD_OUT = "held_out";
  private static final String AUTO = "auto";
  private static final int STEP_COUNT = 32;

  @Override
  public String name() {
    return "feedback";
  }

  @Override
  public String description() {
    return "solve layer by layer, each paying back the error of those before it; best below 4 bits";
  }

  @Override
  public List<Option> options() {
    return List.of(
        new Option(DAMPING, "0.4", "added to the diagonal of moments, as a share of its mean"),
        new Option(FEEDBACK, "1", "how much of earlier layers' error a layer pays back"),
        new Option(SWEEPS, "4", "sweeps of coordinate descent at most"),
        new Option(REFITS, "2", "how often scales are fitted to the codes"),
        new Option(
            STEPS, "" + STEP_COUNT, "steps of tuning scales and norms end to end; 0 for none"),
        new Option(RATE, AUTO, "first step of scales; auto: 3e-3 at 2 bits, 2e-3 at 3, else 1e-3"),
        new Option(NORM_RATE, AUTO, "first step of norms; auto: 2e-3, or 1e-3 from 4 bits on"),
        new Option(STEP_SAMPLES, "2", "samples of one such step"),
        new Option(
            SHARE, "0.5", "share of the samples to solve layers on; the others are for steps"),
        new Option(HELD_OUT, "4", "samples that decide whether the steps are kept"));
  }

  @Override
  public List<String> idle(MethodOptions o) {
    if (o.integer(STEPS, STEP_COUNT) != 0) {
      return List.of();
    }
    return Stream.of(RATE, NORM_RATE, STEP_SAMPLES, SHARE, HELD_OUT)
        .filter(o::has)
        .map(name -> name + " has no effect: nothing is tuned end to end with " + STEPS + "=0")
        .toList();
  }

  private static double share(MethodOptions o) {
    double share = o.real(SHARE, 0.5);
    if (!(share > 0) || share > 1) {
      throw new IllegalArgumentException(
          "option " + SHARE + " takes a share above 0 and up to 1, found " + share);
    }
    return share;
  }

  @Override
  public BlockQuantizer quantizer(MethodOptions o) {
    return new Feedback(
        new SolverOptions(
            o.real(DAMPING, 0.4), o.real(FEEDBACK, 1), o.integer(SWEEPS, 4), o.integer(REFITS, 2)),
        new EndToEndOptions(
            o.integer(STEPS, STEP_COUNT),
            o.is(RATE, AUTO) ? 0 : o.real(RATE, 0),
            o.is(NORM_RATE, AUTO) ? 0 : o.real(NORM_RATE, 0),
            o.integer(STEP_SAMPLES, 2),
            o.integer(HELD_OUT, 4)),
        share(o));
  }
}

package dev.ashlar.tuning.feedback;

import dev.ashlar.tuning.finish.EndToEndOptions;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.Effort;
import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.method.MethodOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/** Error feedback as users see it. */
final class FeedbackMethod implements Method {
  /** Options whose values follow from a time. */
  static final String LAYER_SAMPLES = "layer_samples";

  static final String STEPS = "steps";
  static final String SWEEPS = "sweeps";
  static final String REFITS = "refits";

  static final String MINUTES = "minutes";
  private static final String DAMPING = "damping";
  private static final String FEEDBACK = "feedback";
  private static final String RATE = "rate";
  private static final String NORM_RATE = "norm_rate";
  private static final String STEP_SAMPLES = "step_samples";
  private static final String SHARE = "share";
  private static final String HELD_OUT = "held_out";
  private static final String LABELS = "labels";
  private static final String AUTO = "auto";
  private static final String NONE = "none";
  private static final int STEP_COUNT = 32;
  private static final int BATCH = 2;
  private static final int HELD = 4;

  /** Recipes are times; of a text is taken what the time allows. */
  private static final String USUAL_TIME = "balanced";

  private static final int MOST_SAMPLES = 4096;
  private static final int LENGTH = 256;

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
        new Option(
            MINUTES,
            NONE,
            "Time to keep to, from which samples and steps follow (any number above 0; default"
                + " none).",
            new Spelling.Named("N")),
        new Option(
            DAMPING,
            AUTO,
            "added to the diagonal of moments, as a share of its mean; auto: 0.4, or 1.5 times inputs"
                + " per token where that is more"),
        new Option(FEEDBACK, "1", "how much of earlier layers' error a layer pays back"),
        new Option(SWEEPS, "4", "sweeps of coordinate descent at most"),
        new Option(REFITS, "2", "how often scales are fitted to the codes"),
        new Option(
            STEPS, "" + STEP_COUNT, "steps of tuning scales and norms end to end; 0 for none"),
        new Option(RATE, AUTO, "first step of scales; auto: 3e-3 at 2 bits, 2e-3 at 3, else 1e-3"),
        new Option(NORM_RATE, AUTO, "first step of norms; auto: 2e-3, or 1e-3 from 4 bits on"),
        new Option(STEP_SAMPLES, "" + BATCH, "samples of one such step"),
        new Option(
            SHARE, "0.5", "share of the samples to solve layers on; the others are for steps"),
        new Option(LAYER_SAMPLES, AUTO, "their number; auto: by the share"),
        new Option(HELD_OUT, "" + HELD, "samples that decide whether the steps are kept"),
        new Option(
            LABELS,
            "0",
            "share of the steps' aim that the text's own next tokens have, 0 to 1; the rest are the"
                + " float model's predictions"));
  }

  @Override
  public List<Effort> efforts() {
    List<Effort> efforts = new ArrayList<>(Effort.STANDARD);
    efforts.add(timed("fast", "1"));
    efforts.add(timed(USUAL_TIME, "3"));
    efforts.add(timed("best-cpu", "10"));
    return efforts;
  }

  private static Effort timed(String recipe, String minutes) {
    return new Effort(recipe, Map.of(MINUTES, minutes), MOST_SAMPLES, LENGTH, 4);
  }

  @Override
  public String usualRecipe(MethodOptions options) {
    return isTimed(options) ? USUAL_TIME : Effort.DEFAULT;
  }

  private static boolean isTimed(MethodOptions o) {
    return o.has(MINUTES) && !o.is(MINUTES, NONE);
  }

  @Override
  public List<String> idle(MethodOptions o) {
    List<String> idle = new ArrayList<>();
    if (!isTimed(o) && o.integer(STEPS, STEP_COUNT) == 0) {
      Stream.of(RATE, NORM_RATE, STEP_SAMPLES, SHARE, HELD_OUT, LABELS)
          .filter(o::has)
          .map(name -> name + " has no effect: nothing is tuned end to end with " + STEPS + "=0")
          .forEach(idle::add);
    } else if (o.has(SHARE) && o.has(LAYER_SAMPLES)) {
      idle.add(SHARE + " has no effect: " + LAYER_SAMPLES + " is a number");
    }
    return idle;
  }

  private static Feedback.Split split(MethodOptions o) {
    double share = o.real(SHARE, 0.5);
    if (!(share > 0) || share > 1) {
      throw new IllegalArgumentException(
          "option " + SHARE + " takes a share above 0 and up to 1, found " + share);
    }
    if (!o.has(LAYER_SAMPLES) || o.is(LAYER_SAMPLES, AUTO)) {
      return new Feedback.Split(share, OptionalInt.empty());
    }
    int number = o.integer(LAYER_SAMPLES, 1);
    if (number < 1) {
      throw new IllegalArgumentException(
          "option " + LAYER_SAMPLES + " takes a number of at least 1, found " + number);
    }
    return new Feedback.Split(share, OptionalInt.of(number));
  }

  @Override
  public BlockQuantizer quantizer(MethodOptions o) {
    SolverOptions solver =
        new SolverOptions(
            damping(o), o.real(FEEDBACK, 1), o.integer(SWEEPS, 4), o.integer(REFITS, 2));
    EndToEndOptions ending =
        new EndToEndOptions(
            o.integer(STEPS, STEP_COUNT),
            o.is(RATE, AUTO) ? 0 : o.real(RATE, 0),
            o.is(NORM_RATE, AUTO) ? 0 : o.real(NORM_RATE, 0),
            o.integer(STEP_SAMPLES, BATCH),
            o.integer(HELD_OUT, HELD),
            o.real(LABELS, 0));
    Feedback numbers = new Feedback(solver, ending, split(o), Optional.empty());
    return isTimed(o)
        ? new Feedback(
            solver,
            ending,
            split(o),
            Optional.of(new FeedbackBudget(this, o, minutes(o), ending, numbers)))
        : numbers;
  }

  private static Damping damping(MethodOptions o) {
    return !o.has(DAMPING) || o.is(DAMPING, AUTO) ? Damping.AUTO : Damping.of(o.real(DAMPING, 0));
  }

  private static double minutes(MethodOptions o) {
    double minutes = o.real(MINUTES, 0);
    if (!(minutes > 0)) {
      throw new IllegalArgumentException(
          "option " + MINUTES + " takes a number above 0, found " + minutes);
    }
    for (String chosen : List.of(LAYER_SAMPLES, SHARE, STEPS)) {
      if (o.has(chosen)) {
        throw new IllegalArgumentException(
            "option " + chosen + " follows from " + MINUTES + "; give one of them");
      }
    }
    return minutes;
  }
}

package dev.ashlar.tuning.signround;

import dev.ashlar.nn.device.Devices;
import dev.ashlar.nn.devicetuning.DeviceTuner;
import dev.ashlar.tuning.layerwise.OptRtn;
import dev.ashlar.tuning.layerwise.RoundToNearest;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.Effort;
import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.method.RunFacts;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** SignRound as users see it; names of options, recipes and records are AutoRound's. */
final class SignRoundMethod implements Method {
  private static final String ITERS = "iters";
  private static final String LR = "lr";
  private static final String MINMAX_LR = "minmax_lr";
  private static final String MINMAX = "enable_minmax_tuning";
  private static final String NOT_BEST = "not_use_best_mse";
  private static final String GAP = "dynamic_max_gap";
  private static final String CLAMP = "clamp_v";
  private static final String EXACT = "exact_gradients";
  private static final String MOMENTUM = "momentum";
  private static final String ADAM = "enable_adam";
  private static final String EXTENSION = "enable_alg_ext";
  private static final String NORMS = "enable_norm_bias_tuning";
  private static final String PLAIN = "disable_opt_rtn";
  private static final String HOLDOUT_EVERY = "holdout_every";
  private static final String HOLDOUT_SAMPLES = "holdout_samples";

  /** {@link #PROCESSOR} or the name of a device. */
  static final String BACKEND = Method.DEVICE;

  private static final String PROCESSOR = "processor";
  private static final String TRUE = "true";
  private static final String FALSE = "false";
  private static final String AUTO = "auto";
  private static final int ITERATIONS = 200;

  @Override
  public String name() {
    return "signround";
  }

  @Override
  public String description() {
    return "tune rounding and ranges block by block with signed gradients (AutoRound)";
  }

  @Override
  public List<Option> options() {
    return List.of(
        new Option(
            ITERS,
            "200",
            "Tuning steps; 0 for none but a search for scales.",
            new Spelling.Named("N")),
        new Option(
            PLAIN,
            FALSE,
            "With --iters 0: round to nearest without a search, and without data.",
            new Spelling.Switch("disable-opt-rtn", TRUE)),
        new Option(LR, AUTO, "First step (default 1/iters).", new Spelling.Named("X")),
        new Option(
            MINMAX_LR,
            LR,
            "First step of the range multipliers (default --lr).",
            new Spelling.Named("X")),
        new Option(
            MINMAX,
            TRUE,
            "Tune the rounding only, not the ranges.",
            new Spelling.Switch("disable-minmax-tuning", FALSE)),
        new Option(
            NOT_BEST,
            FALSE,
            "Keep the last iteration instead of the best.",
            new Spelling.Switch("not-use-best-mse", TRUE)),
        new Option(
            GAP,
            "-1",
            "Stop a block after so many iterations without a better one.",
            new Spelling.Named("N")),
        new Option(
            MOMENTUM,
            "0",
            "Momentum of the gradients whose signs are taken.",
            new Spelling.Named("X")),
        new Option(
            ADAM,
            FALSE,
            "Step by AdamW instead of by signs.",
            new Spelling.Switch("enable-adam", TRUE)),
        new Option(
            EXTENSION,
            FALSE,
            "SignRound v2: begin with searched scales; below 4 bits, leave outliers out of the loss.",
            new Spelling.Switch("enable-alg-ext", TRUE)),
        new Option(
            NORMS,
            FALSE,
            "Tune norms and biases with the codes.",
            new Spelling.Switch("enable-norm-bias-tuning", TRUE)),
        new Option(CLAMP, "0", "bound of the rounding offsets; 0 for none"),
        new Option(EXACT, AUTO, "gradients pass at the first and last code; auto: at 2 bits only"),
        new Option(HOLDOUT_EVERY, "0", "judge by fixed samples every so many iterations"),
        new Option(HOLDOUT_SAMPLES, "8", "how many fixed samples"),
        new Option(BACKEND, PROCESSOR, "where blocks are tuned: tornado for TornadoVM's device"));
  }

  @Override
  public List<Effort> efforts() {
    return Effort.standard(
        Map.of(
            "best",
            Map.of(ITERS, "1000"),
            Effort.DEFAULT,
            Map.of(ITERS, "200"),
            "light",
            Map.of(ITERS, "50", LR, "0.005"),
            "cpu",
            Map.of(ITERS, "100")));
  }

  /** No steps are round-to-nearest on searched scales, or plain, which needs no data. */
  @Override
  public Choice settle(MethodOptions options) {
    boolean none = options.has(ITERS) && options.integer(ITERS, ITERATIONS) == 0;
    if (!none) {
      return new Choice(this, options);
    }
    Method method = options.flag(PLAIN, false) ? RoundToNearest.METHOD : OptRtn.METHOD;
    return new Choice(method, options.without(ITERS).without(PLAIN));
  }

  @Override
  public List<String> idle(MethodOptions o) {
    List<String> idle = new ArrayList<>();
    if (o.has(MINMAX_LR) && !o.flag(MINMAX, true)) {
      idle.add(MINMAX_LR + " has no effect: ranges are not tuned");
    }
    if (o.flag(PLAIN, false)) {
      idle.add(PLAIN + " has no effect without iters 0");
    }
    if (o.has(HOLDOUT_SAMPLES) && o.integer(HOLDOUT_EVERY, 0) == 0) {
      idle.add(HOLDOUT_SAMPLES + " has no effect without " + HOLDOUT_EVERY);
    }
    return idle;
  }

  @Override
  public BlockQuantizer quantizer(MethodOptions o) {
    Choice choice = settle(o);
    return choice.method() == this ? new SignRound(chosen(o), device(o)) : choice.create();
  }

  private static Optional<DeviceTuner> device(MethodOptions o) {
    return !o.has(BACKEND) || o.is(BACKEND, PROCESSOR)
        ? Optional.empty()
        : Optional.of(Devices.ofProcess().tuner(o.values().get(BACKEND).strip()));
  }

  static SignRoundOptions chosen(MethodOptions o) {
    return new SignRoundOptions(
        o.integer(ITERS, ITERATIONS),
        o.is(LR, AUTO) ? 0 : o.real(LR, 0),
        o.is(MINMAX_LR, LR) ? 0 : o.real(MINMAX_LR, 0),
        o.flag(MINMAX, true),
        !o.flag(NOT_BEST, false),
        o.integer(GAP, -1),
        o.real(CLAMP, 0),
        exactGradients(o),
        o.integer(HOLDOUT_EVERY, 0),
        o.integer(HOLDOUT_SAMPLES, 8),
        new SignRoundVariant(
            o.real(MOMENTUM, 0),
            o.flag(ADAM, false),
            o.flag(EXTENSION, false),
            o.flag(NORMS, false)));
  }

  private static Optional<Boolean> exactGradients(MethodOptions o) {
    boolean open = !o.has(EXACT) || o.is(EXACT, AUTO);
    return open ? Optional.empty() : Optional.of(o.flag(EXACT, true));
  }

  @Override
  public Map<String, Object> recorded(MethodOptions o, RunFacts run) {
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put(ITERS, (long) o.integer(ITERS, ITERATIONS));
    settings.putAll(run.recorded());
    settings.put(MINMAX, o.flag(MINMAX, true));
    for (String variant : List.of(ADAM, EXTENSION, NORMS)) {
      if (o.flag(variant, false)) {
        settings.put(variant, true);
      }
    }
    if (o.real(MOMENTUM, 0) > 0) {
      settings.put(MOMENTUM, o.real(MOMENTUM, 0));
    }
    for (String rate : List.of(LR, MINMAX_LR)) {
      if (o.has(rate) && !o.is(rate, AUTO) && !o.is(rate, LR)) {
        settings.put(rate, o.real(rate, 0));
      }
    }
    return settings;
  }
}

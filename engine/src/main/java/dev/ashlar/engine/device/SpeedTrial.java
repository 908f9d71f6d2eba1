package dev.ashlar.engine.device;

import dev.ashlar.engine.device.DeviceSpeed.Seconds;
import dev.ashlar.engine.device.DeviceSpeed.Size;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.device.DeviceDecoder;
import dev.ashlar.nn.device.DeviceException;
import dev.ashlar.nn.device.DeviceProvider;
import dev.ashlar.nn.runner.Runner;
import dev.ashlar.nn.runner.SequenceCache;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kv.KvPrecision;
import dev.ashlar.tensor.weights.MemoryWeights;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Measures a device beside the process's backend: some blocks of small, middling and large models,
 * with 4-bit weights, as the decoder runs them, transfers and starts of kernels included. Answers
 * are compared before anything is timed. Both take turns; the median of each counts.
 */
public final class SpeedTrial {
  /** Blocks as those of models with 0.1, 1 and 8 billion weights. */
  private static final List<TrialWeights> SIZES =
      List.of(
          new TrialWeights(576, 9, 3, 64, 1536, 4),
          new TrialWeights(2048, 32, 8, 64, 8192, 4),
          new TrialWeights(4096, 32, 8, 128, 14336, 2));

  /** Bytes for each weight that both sides and the codes take of the heap, roughly. */
  private static final int HEAP_BYTES = 4;

  private static final int PROMPT = 64;
  private static final int FEWEST = 3;
  private static final int MOST = 15;

  /** Rounds of one kind of work end after it, if there were enough. */
  private static final long ROUNDS_NANOS = 3_000_000_000L;

  /** A side is called again in its turn until so much time has passed. */
  private static final long TURN_NANOS = 50_000_000;

  /** Kernels are compiled once they have got no faster for so long. */
  private static final long CALM_NANOS = 700_000_000;

  /** A compiler that takes longer has no time for it. */
  private static final long WARM_NANOS = 8_000_000_000L;

  private static final double FASTER = 0.95;

  /** Larger sizes are left out once it has taken so long: what a slow device tells is known. */
  private static final long PATIENCE_NANOS = 45_000_000_000L;

  /** Errors of sums in another order. */
  private static final double TOLERANCE = 1e-3;

  private final DeviceName device;
  private final long calmNanos;
  private final long roundsNanos;
  private final Consumer<String> notes;

  private SpeedTrial(DeviceName device, long calmNanos, long roundsNanos, Consumer<String> notes) {
    this.device = device;
    this.calmNanos = calmNanos;
    this.roundsNanos = roundsNanos;
    this.notes = notes;
  }

  /**
   * Measures; takes up to some minutes where the device is slow.
   *
   * @param notes is told, in a sentence, of sizes that are left out
   * @throws dev.ashlar.io.InputException if the device is not there
   * @throws DeviceException if it fails, or gives other answers than the processor
   */
  public static DeviceSpeed of(DeviceName device, Consumer<String> notes) {
    return of(device, SIZES, CALM_NANOS, ROUNDS_NANOS, notes);
  }

  /**
   * The same with other sizes, from small to large.
   *
   * @param calmNanos after which a kernel that has got no faster counts as compiled
   * @param roundsNanos after which rounds of one kind of work end, if there were enough
   */
  static DeviceSpeed of(
      DeviceName device,
      List<TrialWeights> sizes,
      long calmNanos,
      long roundsNanos,
      Consumer<String> notes) {
    device.requireThere();
    Map<String, String> on = Surroundings.of(device);
    SpeedTrial trial = new SpeedTrial(device, calmNanos, roundsNanos, notes);
    return new DeviceSpeed(device.toString(), on, trial.all(sizes));
  }

  private List<Size> all(List<TrialWeights> sizes) {
    long begin = System.nanoTime();
    List<Size> measured = new ArrayList<>();
    for (TrialWeights size : sizes) {
      String blocks =
          String.format(Locale.ROOT, "blocks of %.0f million weights", size.blockWeights() / 1e6);
      if (!measured.isEmpty()) {
        if (System.nanoTime() - begin > PATIENCE_NANOS) {
          notes.accept(blocks + " are not measured: smaller ones took long enough");
          continue;
        }
        long heap = HEAP_BYTES * size.blocks() * size.blockWeights();
        if (heap > Runtime.getRuntime().maxMemory() / 2) {
          notes.accept(blocks + " are not measured: java's heap is too small");
          continue;
        }
      }
      try {
        measured.add(measured(size));
      } catch (DeviceException e) {
        // Of the smallest it is a fault; large ones may be more than the device has room for.
        if (measured.isEmpty()) {
          throw e;
        }
        notes.accept(blocks + " are not measured: " + e.getMessage());
        break;
      }
    }
    return measured;
  }

  private Size measured(TrialWeights size) {
    MemoryWeights weights = size.made();
    DecoderSpec spec = Architectures.spec(weights);
    device
        .provider()
        .refusal(spec)
        .ifPresent(
            said -> {
              throw new DeviceException(said);
            });
    Side here =
        new Side(Architectures.loadPacked(weights, Backends.chosen()).runner(KvPrecision.F32));
    warm(here::prompt);
    warm(here::token);
    Tensor expected = here.prompt().copy();
    long start = System.nanoTime();
    DeviceProvider.Options room = new DeviceProvider.Options(device.index(), 2 * PROMPT);
    try (DeviceDecoder decoder = device.provider().open(spec, weights, room)) {
      Side there = new Side(decoder);
      Tensor found = there.prompt().copy();
      double first = 1e-9 * (System.nanoTime() - start);
      requireSame(expected, found);
      there.token();
      double[] prompt = medians(there::prompt, here::prompt);
      double[] token = medians(there::token, here::token);
      int blocks = size.blocks();
      double begun = Math.max(0, first - prompt[0]) / blocks;
      return new Size(
          size.blockWeights(),
          begun,
          new Seconds(token[0] / blocks, token[1] / blocks),
          new Seconds(prompt[0] / PROMPT / blocks, prompt[1] / PROMPT / blocks));
    }
  }

  private void warm(Runnable work) {
    long begin = System.nanoTime();
    long improved = begin;
    long now = begin;
    double best = Double.MAX_VALUE;
    while (now - improved < calmNanos && now - begin < WARM_NANOS) {
      double seconds = seconds(work);
      now = System.nanoTime();
      if (seconds < FASTER * best) {
        best = seconds;
        improved = now;
      }
    }
  }

  private static void requireSame(Tensor expected, Tensor found) {
    double error = 0;
    double all = 0;
    for (int i = 0; i < expected.size(); i++) {
      double e = expected.data()[i];
      error += (found.data()[i] - e) * (found.data()[i] - e);
      all += e * e;
    }
    double relative = Math.sqrt(error / all);
    if (!(relative <= TOLERANCE)) {
      throw new DeviceException(
          String.format(
              Locale.ROOT,
              "the device computes something else than the processor (relative error %.3g), so it"
                  + " is not measured; leave it, and tell Ashlar's authors",
              relative));
    }
  }

  /** Median seconds of the device's work and of the processor's, in turns. */
  private double[] medians(Runnable there, Runnable here) {
    List<Double> device = new ArrayList<>();
    List<Double> processor = new ArrayList<>();
    long begin = System.nanoTime();
    for (int i = 0; i < FEWEST || i < MOST && System.nanoTime() - begin < roundsNanos; i++) {
      turn(there, device);
      turn(here, processor);
    }
    return new double[] {median(device), median(processor)};
  }

  private static void turn(Runnable work, List<Double> times) {
    long begin = System.nanoTime();
    do {
      times.add(seconds(work));
    } while (System.nanoTime() - begin < TURN_NANOS);
  }

  private static double median(List<Double> times) {
    return times.stream().sorted().toList().get(times.size() / 2);
  }

  private static double seconds(Runnable work) {
    long start = System.nanoTime();
    work.run();
    return 1e-9 * Math.max(1, System.nanoTime() - start);
  }

  /** A sequence on one side: a prompt from its beginning, and the next token behind it. */
  private static final class Side {
    private final Runner runner;
    private final SequenceCache cache;
    private final int[] ids = new int[PROMPT];

    Side(Runner runner) {
      this.runner = runner;
      this.cache = runner.newCache();
      for (int i = 0; i < PROMPT; i++) {
        ids[i] = 7 * i % TrialWeights.VOCABULARY;
      }
    }

    /** Hidden states {@code [PROMPT, dim]}, valid until the next call. */
    Tensor prompt() {
      cache.truncate(0);
      return runner.hidden(List.of(Runner.Part.of(cache, ids)), () -> false);
    }

    void token() {
      cache.truncate(PROMPT);
      runner.hidden(List.of(Runner.Part.of(cache, 1)), () -> false);
    }
  }
}

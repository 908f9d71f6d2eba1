package dev.ashlar.bench;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.InferenceOptions;
import dev.ashlar.nn.generate.Generator;
import dev.ashlar.nn.generate.Sampler;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.ActivationPrecision;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kernel.PackedKernel;
import dev.ashlar.tensor.kv.KvPrecision;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.PackedMatrix;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/**
 * Packed products with exact and with rounded activations in turn, in one process: speed, and what
 * rounding costs.
 *
 * <p>{@code java --add-modules jdk.incubator.vector -cp … dev.ashlar.bench.ActivationsDuel ROUNDS
 * 2|4|MODEL.gguf}
 */
public final class ActivationsDuel {
  private static final long BEYOND_CACHES = 160L << 20;
  private static final long SPAN_NANOS = 100_000_000;
  private static final long WARM_NANOS = 3_000_000_000L;
  private static final int PROMPT = 16;
  private static final int TOKENS = 128;

  private final int rounds;

  private ActivationsDuel(int rounds) {
    this.rounds = rounds;
  }

  /** Matrices of codes of so many bits, or decoding if a model is given. */
  public static void main(String[] args) {
    ActivationsDuel duel = new ActivationsDuel(Integer.parseInt(args[0]));
    if (args[1].length() > 1) {
      duel.decode(Path.of(args[1]));
      return;
    }
    int bits = Integer.parseInt(args[1]);
    for (int threads = 1; threads <= 2; threads++) {
      duel.products(576, 576, bits, 64, threads, false);
      duel.products(1536, 576, bits, 64, threads, false);
      duel.products(1024, 1024, bits, 128, threads, false);
      duel.products(4096, 4096, bits, 128, threads, true);
    }
  }

  private void products(int out, int in, int bits, int group, int threads, boolean fromMemory) {
    PackedKernel kernel = Backends.chosen().packed();
    QuantizedMatrix w = random(out, in, new IntegerGrid(bits, group, true));
    PackedMatrix first = kernel.pack(w);
    PackedMatrix[] copies =
        new PackedMatrix[fromMemory ? (int) (BEYOND_CACHES / first.byteSize()) + 1 : 1];
    Arrays.setAll(copies, i -> kernel.pack(w));
    float[] x = new float[in];
    Random random = new Random(2);
    for (int k = 0; k < in; k++) {
      x[k] = (float) random.nextGaussian();
    }
    float[] exact = new float[out];
    float[] rounded = new float[out];
    ToDoubleFunction<ActivationPrecision> speed =
        a -> {
          float[] y = a == ActivationPrecision.FLOAT ? exact : rounded;
          return Parallel.limited(threads, () -> speed(kernel, x, copies, a, y, SPAN_NANOS));
        };
    long begin = System.nanoTime();
    while (System.nanoTime() - begin < WARM_NANOS) {
      speed.applyAsDouble(ActivationPrecision.FLOAT);
      speed.applyAsDouble(ActivationPrecision.INT8);
    }
    String name = "%dx%d %d bits g%d, %d threads%s, Gweights/s, error %.2e";
    report(
        name.formatted(
            out, in, bits, group, threads, fromMemory ? ", memory" : "", error(exact, rounded)),
        speed);
  }

  private static double speed(
      PackedKernel kernel,
      float[] x,
      PackedMatrix[] copies,
      ActivationPrecision a,
      float[] y,
      long nanos) {
    long begin = System.nanoTime();
    long now = begin;
    int calls = 0;
    while (now - begin < nanos) {
      kernel.multiply(1, x, 0, copies[calls++ % copies.length], a, y, 0);
      now = System.nanoTime();
    }
    return (double) calls * copies[0].out() * copies[0].in() / (now - begin);
  }

  /** Root of the mean square of the differences, of that of the results. */
  private static double error(float[] exact, float[] rounded) {
    double difference = 0;
    double size = 0;
    for (int i = 0; i < exact.length; i++) {
      difference += Math.pow((double) exact[i] - rounded[i], 2);
      size += Math.pow(exact[i], 2);
    }
    return Math.sqrt(difference / size);
  }

  /** Medians of the rounds. */
  private void report(String name, ToDoubleFunction<ActivationPrecision> speed) {
    double[] exact = new double[rounds];
    double[] rounded = new double[rounds];
    double[] ratio = new double[rounds];
    for (int r = 0; r < rounds; r++) {
      exact[r] = speed.applyAsDouble(ActivationPrecision.FLOAT);
      rounded[r] = speed.applyAsDouble(ActivationPrecision.INT8);
      ratio[r] = rounded[r] / exact[r];
    }
    for (double[] figures : new double[][] {exact, rounded, ratio}) {
      Arrays.sort(figures);
    }
    System.out.printf(
        Locale.ROOT,
        "%s: float %.1f, int8 %.1f, ratio %.2f (%.2f–%.2f)%n",
        name,
        exact[rounds / 2],
        rounded[rounds / 2],
        ratio[rounds / 2],
        ratio[0],
        ratio[rounds - 1]);
  }

  private void decode(Path model) {
    try (Checkpoint checkpoint = Checkpoints.open(model)) {
      Generator exact = generator(checkpoint, ActivationPrecision.FLOAT);
      Generator rounded = generator(checkpoint, ActivationPrecision.INT8);
      ToDoubleFunction<ActivationPrecision> speed =
          a -> speed(a == ActivationPrecision.FLOAT ? exact : rounded);
      for (int i = 0; i < 3; i++) {
        speed.applyAsDouble(ActivationPrecision.FLOAT);
        speed.applyAsDouble(ActivationPrecision.INT8);
      }
      report(TOKENS + " tokens after " + PROMPT + ", tokens/s", speed);
    }
  }

  private static Generator generator(Checkpoint checkpoint, ActivationPrecision activations) {
    return new Generator(
        Architectures.loadPacked(
                checkpoint, Backends.chosen(), InferenceOptions.defaults().with(activations))
            .runner(KvPrecision.F32),
        Sampler.greedy());
  }

  private static double speed(Generator generator) {
    int[] prompt = new int[PROMPT];
    Arrays.setAll(prompt, i -> 300 + i * 7919 % 20000);
    generator.clear();
    return generator.generate(prompt, TOKENS, Set.of(), id -> true).tokensPerSecond();
  }

  private static QuantizedMatrix random(int out, int in, IntegerGrid scheme) {
    Random random = new Random(1);
    byte[] codes = new byte[out * in];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) random.nextInt(scheme.maxCode() + 1);
    }
    float[] scales = new float[out * scheme.groups(in)];
    byte[] zeros = new byte[scales.length];
    for (int i = 0; i < scales.length; i++) {
      scales[i] = scheme.roundScale(random.nextFloat() * 0.01f + 0.001f);
      zeros[i] = (byte) scheme.middle();
    }
    return new QuantizedMatrix(out, in, scheme, codes, scales, zeros);
  }
}

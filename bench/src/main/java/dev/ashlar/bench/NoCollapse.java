package dev.ashlar.bench;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.generate.Generator;
import dev.ashlar.nn.generate.Sampler;
import dev.ashlar.tensor.kernel.ActivationKernel;
import dev.ashlar.tensor.kernel.ActivationPrecision;
import dev.ashlar.tensor.kernel.AttentionKernel;
import dev.ashlar.tensor.kernel.AttentionRanges;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kv.KvPrecision;
import dev.ashlar.tensor.kv.KvRows;
import dev.ashlar.tensor.quant.Codes;
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.PackedMatrix;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Starts the same kernels again and again in fresh JVMs, alone and inside generating, and fails if
 * one of them is ever more than 1.5 times slower than its median: compiled too late, without
 * inlining, or with boxed vectors.
 *
 * <p>{@code java --add-modules jdk.incubator.vector -cp … dev.ashlar.bench.NoCollapse RUNS
 * [MODEL.gguf]}; the flags of this JVM are those of the runs.
 */
public final class NoCollapse {
  private static final double WORST = 1.5;
  private static final int SIDE = 768;
  private static final int ROUNDS = 21;
  private static final int BATCHES = 15;
  private static final int TOKENS = 96;
  private static final int LAST = 64;

  /** Calls of a kernel before it is timed go on until they have not become faster for so long. */
  private static final long CALM_NANOS = 700_000_000L;

  private static final long PATIENCE_NANOS = 15_000_000_000L;

  private NoCollapse() {}

  /** See the class comment; exits with 1 after a collapse. */
  public static void main(String[] args) throws IOException, InterruptedException {
    if (args[0].equals("child")) {
      child(args.length > 1 ? Path.of(args[1]) : null);
      return;
    }
    Map<String, List<Double>> times = new LinkedHashMap<>();
    for (int i = 0; i < Integer.parseInt(args[0]); i++) {
      for (String line : run(args)) {
        String[] words = line.split("\t");
        times.computeIfAbsent(words[0], k -> new ArrayList<>()).add(Double.valueOf(words[1]));
      }
    }
    boolean collapsed = false;
    for (Map.Entry<String, List<Double>> e : times.entrySet()) {
      double[] sorted = e.getValue().stream().mapToDouble(t -> t).sorted().toArray();
      double median = sorted[sorted.length / 2];
      double worst = sorted[sorted.length - 1];
      boolean counts = !e.getKey().startsWith("first");
      collapsed |= counts && worst > WORST * median;
      System.out.printf(
          Locale.ROOT,
          "%-34s median %10.1f us, worst %10.1f us, %4.2f times%s%n",
          e.getKey(),
          median,
          worst,
          worst / median,
          counts && worst > WORST * median ? "  COLLAPSED" : "");
    }
    System.exit(collapsed ? 1 : 0);
  }

  private static List<String> run(String[] args) throws IOException, InterruptedException {
    ProcessHandle.Info self = ProcessHandle.current().info();
    List<String> command = new ArrayList<>();
    command.add(self.command().orElse("java"));
    String[] own = self.arguments().orElse(new String[0]);
    for (String argument : own) {
      command.add(argument);
      if (argument.equals(NoCollapse.class.getName())) {
        break;
      }
    }
    command.add("child");
    command.addAll(Arrays.asList(args).subList(1, args.length));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    List<String> lines = new String(process.getInputStream().readAllBytes()).lines().toList();
    if (process.waitFor() != 0) {
      throw new IOException("a run failed: " + String.join(" ", command));
    }
    return lines.stream().filter(l -> l.contains("\t")).toList();
  }

  private static void child(Path model) {
    if (model != null) {
      generate(model);
    }
    Backend b = Backends.chosen();
    float[] x = new float[SIDE * SIDE];
    float[] y = new float[SIDE * SIDE];
    float[] z = new float[SIDE * SIDE];
    Arrays.fill(x, 0.5f);
    Arrays.fill(y, 0.25f);
    time(
        "float product",
        () -> b.matMul().xwt(SIDE, SIDE, SIDE, x, 0, SIDE, y, 0, SIDE, z, 0, SIDE, false));
    for (int bits : new int[] {2, 3, 4, 8}) {
      PackedMatrix w = b.packed().pack(groups(bits));
      time(bits + "-bit product, 1 row", () -> b.packed().multiply(1, x, 0, w, z, 0));
      if (ActivationPrecision.INT8.rounds(bits, SIDE)) {
        ActivationPrecision rounded = ActivationPrecision.INT8;
        time(bits + "-bit by int8, 1 row", () -> b.packed().multiply(1, x, 0, w, rounded, z, 0));
      }
      time(bits + "-bit product, 64 rows", () -> b.packed().multiply(64, x, 0, w, z, 0));
    }
    time("norm", () -> b.norm().rms(0, 64, SIDE, 1e-5f, x, y, z, new float[64]));
    ActivationKernel.Function silu = ActivationKernel.Function.SILU;
    time("gate", () -> b.activation().gated(silu, 0, 64 * SIDE, x, y, z));
    attention(b, "attention of a token", 1, 512, x, z);
    attention(b, "attention of a prompt", 256, 256, x, z);
  }

  private static void attention(
      Backend b, String name, int length, int keys, float[] x, float[] out) {
    AttentionKernel.Spec spec =
        AttentionKernel.Spec.plain(AttentionRanges.dense(1, length, keys), 9, 3, 64, 64, 0.125f);
    KvRows.Dense rows = new KvRows.Dense(x, keys, 3, 64);
    time(name, () -> b.attention().forward(spec, x, rows, rows, out, null));
  }

  private static QuantizedMatrix groups(int bits) {
    byte[] codes = new byte[SIDE * SIDE];
    float[] scales = new float[codes.length / 64];
    float[] minimums = new float[scales.length];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) (i * 7 & (1 << bits) - 1);
    }
    for (int i = 0; i < scales.length; i++) {
      scales[i] = 0.25f;
      minimums[i] = -0.5f * (i % 3);
    }
    return new QuantizedMatrix(
        SIDE, SIDE, new Codes.Integers(bits, codes), new Groups.Minimums(64, scales, minimums));
  }

  /** Prints the first call's microseconds and the least of several medians of warm calls. */
  private static void time(String name, Runnable work) {
    System.out.printf(Locale.ROOT, "first %s\t%.1f%n", name, once(work));
    long begin = System.nanoTime();
    long improved = begin;
    long now = begin;
    double best = Double.MAX_VALUE;
    while (now - improved < CALM_NANOS && now - begin < PATIENCE_NANOS) {
      double t = once(work);
      now = System.nanoTime();
      improved = t < 0.95 * best ? now : improved;
      best = Math.min(best, t);
    }
    // A collapse lasts; whatever else the machine does for some milliseconds must not look like
    // one.
    double least = Double.MAX_VALUE;
    for (int batch = 0; batch < BATCHES; batch++) {
      double[] times = new double[ROUNDS];
      Arrays.setAll(times, i -> once(work));
      Arrays.sort(times);
      least = Math.min(least, times[ROUNDS / 2]);
    }
    System.out.printf(Locale.ROOT, "%s\t%.1f%n", name, least);
  }

  private static double once(Runnable work) {
    long start = System.nanoTime();
    work.run();
    return (System.nanoTime() - start) / 1e3;
  }

  /** The time to the first token, then that of a token once some have been made. */
  private static void generate(Path model) {
    long begin = System.nanoTime();
    try (Checkpoint checkpoint = Checkpoints.open(model)) {
      Decoder decoder = Architectures.loadPacked(checkpoint, Backends.chosen());
      long[] at = new long[TOKENS];
      int[] count = new int[1];
      new Generator(decoder.runner(KvPrecision.F32), Sampler.greedy())
          .generate(
              new int[] {504, 3575, 282, 4649, 314},
              TOKENS,
              Set.of(),
              id -> {
                at[count[0]++] = System.nanoTime();
                return true;
              });
      System.out.printf(Locale.ROOT, "first token\t%.1f%n", (at[0] - begin) / 1e3);
      double[] each = new double[LAST];
      Arrays.setAll(each, i -> (at[TOKENS - LAST + i] - at[TOKENS - LAST + i - 1]) / 1e3);
      Arrays.sort(each);
      System.out.printf(Locale.ROOT, "token in generating\t%.1f%n", each[LAST / 2]);
    }
  }
}

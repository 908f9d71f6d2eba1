package dev.ashlar.bench.guard;

import dev.ashlar.bench.SmolTask;
import dev.ashlar.tensor.kernel.ActivationKernel;
import dev.ashlar.tensor.kernel.ActivationPrecision;
import dev.ashlar.tensor.kernel.AttentionKernel;
import dev.ashlar.tensor.kernel.AttentionRanges;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kernel.PackedKernel;
import dev.ashlar.tensor.kv.KvRows;
import dev.ashlar.tensor.quant.Codes;
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.PackedMatrix;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.method.UnitTask;
import dev.ashlar.tuning.signround.SignRound;
import dev.ashlar.tuning.signround.SignRoundOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;

/**
 * A figure that must not get worse, on one thread.
 *
 * @param name as recorded
 * @param yardstick what it is bound by
 * @param work makes its operands and gives a call of it
 */
record GuardFigure(String name, Yardstick yardstick, Supplier<Runnable> work) {
  private static final int DIM = 576;
  private static final int WIDE = 1536;
  private static final int TOKENS = 256;
  private static final int LARGE = 4096;
  private static final int GROUP = 64;
  private static final long BEYOND_CACHES = 160L << 20;

  /** A line a figure. */
  static final List<GuardFigure> ALL =
      List.of(
          new GuardFigure("x·wᵀ, 1024x1536x576", Yardstick.ARITHMETIC, GuardFigure::forward),
          new GuardFigure("dyᵀ·x, 1536x576x1024", Yardstick.ARITHMETIC, GuardFigure::backward),
          new GuardFigure(
              "4 bits, a row, from memory", Yardstick.MEMORY, () -> row(4, LARGE, false)),
          new GuardFigure(
              "4 bits by int8, a row, from memory", Yardstick.MEMORY, () -> row(4, LARGE, true)),
          new GuardFigure(
              "3 bits, a row, from memory", Yardstick.MEMORY, () -> row(3, LARGE, false)),
          new GuardFigure(
              "2 bits, a row, from memory", Yardstick.MEMORY, () -> row(2, LARGE, false)),
          new GuardFigure("4 bits, 64 rows", Yardstick.ARITHMETIC, GuardFigure::rows),
          new GuardFigure("attention of a prompt", Yardstick.ARITHMETIC, GuardFigure::attention),
          new GuardFigure("gated SiLU", Yardstick.CACHE, GuardFigure::gate),
          new GuardFigure("iteration of SignRound", Yardstick.ARITHMETIC, GuardFigure::tuning));

  private static float[] floats(int n) {
    Random random = new Random(n);
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = random.nextFloat() - 0.5f;
    }
    return x;
  }

  private static Runnable forward() {
    Backend b = Backends.chosen();
    int rows = 4 * TOKENS;
    float[] x = floats(rows * DIM);
    float[] w = floats(WIDE * DIM);
    float[] y = new float[rows * WIDE];
    return () -> b.matMul().xwt(rows, WIDE, DIM, x, 0, DIM, w, 0, DIM, y, 0, WIDE, false);
  }

  private static Runnable backward() {
    Backend b = Backends.chosen();
    int rows = 4 * TOKENS;
    float[] dy = floats(rows * WIDE);
    float[] x = floats(rows * DIM);
    float[] dw = new float[WIDE * DIM];
    return () -> b.matMul().xtw(WIDE, DIM, rows, dy, 0, WIDE, x, 0, DIM, dw, 0, DIM, false);
  }

  private static QuantizedMatrix codes(int bits, int side) {
    byte[] codes = new byte[side * side];
    Random random = new Random(bits);
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) random.nextInt(1 << bits);
    }
    float[] scales = floats(codes.length / GROUP);
    float[] minimums = floats(scales.length);
    return new QuantizedMatrix(
        side, side, new Codes.Integers(bits, codes), new Groups.Minimums(GROUP, scales, minimums));
  }

  /** Copies in turn, so that no cache holds the next one. */
  private static Runnable row(int bits, int side, boolean bytes) {
    PackedKernel kernel = Backends.chosen().packed();
    QuantizedMatrix codes = codes(bits, side);
    List<PackedMatrix> copies = new ArrayList<>();
    for (long size = 0; size < BEYOND_CACHES; size += copies.getLast().byteSize()) {
      copies.add(kernel.pack(codes));
    }
    ActivationPrecision precision = bytes ? ActivationPrecision.INT8 : ActivationPrecision.FLOAT;
    float[] x = floats(side);
    float[] y = new float[side];
    int[] next = {0};
    return () -> {
      kernel.multiply(1, x, 0, copies.get(next[0]), precision, y, 0);
      next[0] = (next[0] + 1) % copies.size();
    };
  }

  private static Runnable rows() {
    PackedKernel kernel = Backends.chosen().packed();
    int rows = 64;
    int side = 1024;
    PackedMatrix w = kernel.pack(codes(4, side));
    float[] x = floats(rows * side);
    float[] y = new float[rows * side];
    return () -> kernel.multiply(rows, x, 0, w, y, 0);
  }

  private static Runnable attention() {
    Backend b = Backends.chosen();
    AttentionKernel.Spec spec =
        AttentionKernel.Spec.plain(AttentionRanges.dense(1, TOKENS, TOKENS), 9, 3, 64, 64, 0.125f);
    float[] q = floats(TOKENS * DIM);
    float[] k = floats(TOKENS * 3 * 64);
    float[] out = new float[q.length];
    KvRows.Dense rows = new KvRows.Dense(k, TOKENS, 3, 64);
    return () -> b.attention().forward(spec, q, rows, rows, out, null);
  }

  private static Runnable gate() {
    Backend b = Backends.chosen();
    int n = 16 << 10;
    float[] x = floats(n);
    float[] y = floats(n + 1);
    float[] out = new float[n];
    return () -> b.activation().gated(ActivationKernel.Function.SILU, 0, n, x, y, out);
  }

  private static Runnable tuning() {
    UnitTask task = SmolTask.of(4, 8, TOKENS, 4);
    return () -> new SignRound(SignRoundOptions.of(2)).quantize(task);
  }
}

package dev.ashlar.bench.peers;

import dev.ashlar.tensor.kernel.ActivationPrecision;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kernel.FakeQuantKernel;
import dev.ashlar.tensor.kernel.PackedKernel;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.PackedMatrix;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.ArrayList;
import java.util.List;

/**
 * Four-bit products of one row of activations, the weights streaming from memory: ours in groups of
 * 64 and 128, by exact float activations and by bytes; llama.cpp's in blocks of 32, activations
 * rounded to bytes.
 */
final class PackedContests {
  private static final long BEYOND_CACHES = 160L << 20;
  private static final int BITS = 4;

  /** Rounding weights to four bits and activations to eight changes sums by some percent. */
  private static final double TOLERANCE = 0.25;

  private static final int[][] SHAPES = {
    {4096, 4096}, {14336, 4096}, {4096, 14336}, {576, 576}, {1536, 576}, {576, 1536}
  };

  private PackedContests() {}

  static List<Contest> all(int threads) {
    List<Contest> contests = new ArrayList<>();
    for (int[] shape : SHAPES) {
      for (String peer : List.of("q4_0 plain", "q4_0 repacked", "q4_1 plain")) {
        int group = peer.equals("q4_0 plain") ? 64 : 128;
        contests.add(
            contest(
                Peer.GGML, shape[0], shape[1], group, peer, ActivationPrecision.FLOAT, threads));
      }
      contests.add(
          contest(
              Peer.GGML,
              shape[0],
              shape[1],
              128,
              "q4_0 repacked",
              ActivationPrecision.INT8,
              threads));
    }
    return contests;
  }

  /** Against Jlama's product of the same shape, in Java alone. */
  static List<Contest> jlama(int threads) {
    List<Contest> contests = new ArrayList<>();
    for (String how : List.of("f32", "i8")) {
      ActivationPrecision ours =
          how.equals("i8") ? ActivationPrecision.INT8 : ActivationPrecision.FLOAT;
      contests.add(contest(Peer.JLAMA, 1024, 1024, 64, how, ours, threads));
      contests.add(contest(Peer.JLAMA, 4096, 4096, 64, how, ours, threads));
    }
    return contests;
  }

  private static Contest contest(
      Peer peer,
      int out,
      int in,
      int group,
      String how,
      ActivationPrecision activations,
      int threads) {
    IntegerGrid scheme = new IntegerGrid(BITS, group, !how.contains("q4_1"));
    return new Contest(
        "four-bit products, one row",
        out
            + "x"
            + in
            + " g"
            + group
            + (scheme.symmetric() ? "" : " asym")
            + (activations == ActivationPrecision.INT8 ? " int8" : "")
            + " / "
            + how,
        peer,
        "packed " + how + " " + out + " " + in,
        threads,
        1e-9 * out * in,
        "Gweights/s",
        TOLERANCE,
        () -> side(out, in, scheme, activations));
  }

  private static Contest.Side side(
      int out, int in, IntegerGrid scheme, ActivationPrecision activations) {
    PackedKernel kernel = Backends.chosen().packed();
    QuantizedMatrix codes = rounded(Numbers.of(2, out * in), out, in, scheme);
    List<PackedMatrix> copies = new ArrayList<>();
    long bytes = 0;
    while (bytes < BEYOND_CACHES) {
      PackedMatrix copy = kernel.pack(codes);
      copies.add(copy);
      bytes += copy.byteSize();
    }
    float[] x = Numbers.of(1, in);
    float[] y = new float[out];
    int[] next = {0};
    Runnable work =
        () -> {
          kernel.multiply(1, x, 0, copies.get(next[0]), activations, y, 0);
          next[0] = next[0] + 1 == copies.size() ? 0 : next[0] + 1;
        };
    return new Contest.Side(work, () -> y);
  }

  /** To the nearest, by the schemes' own kernel with nothing tuned. */
  private static QuantizedMatrix rounded(float[] w, int out, int in, IntegerGrid scheme) {
    FakeQuantKernel kernel = Backends.chosen().fakeQuant();
    int groups = out * scheme.groups(in);
    float[] min = new float[groups];
    float[] max = new float[groups];
    kernel.range(scheme, 0, out, in, w, min, max);
    byte[] codes = new byte[out * in];
    float[] scales = new float[groups];
    byte[] zeros = new byte[groups];
    FakeQuantKernel.Parameters p =
        new FakeQuantKernel.Parameters(scheme, out, in, w, min, max, null, null, null);
    kernel.forward(p, 0, out, null, codes, scales, zeros);
    return new QuantizedMatrix(out, in, scheme, codes, scales, zeros);
  }
}

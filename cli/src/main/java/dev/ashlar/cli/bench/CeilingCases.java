package dev.ashlar.cli.bench;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kernel.ProbeKernel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/** What the machine could do at best, one case for each bound and number of threads. */
final class CeilingCases {
  private static final int STEPS = 200_000;
  private static final int PART = 1 << 20;

  private CeilingCases() {}

  static List<Case> all() {
    List<Case> cases = new ArrayList<>();
    Backend backend = Backends.chosen();
    int[] words = new int[(int) (Operands.BEYOND_CACHES / Integer.BYTES)];
    for (int threads : Operands.threads()) {
      cases.add(arithmetic(backend, threads));
      cases.add(memory(words, threads));
      cases.add(cache(backend, threads));
    }
    return cases;
  }

  private static Case arithmetic(Backend backend, int threads) {
    ProbeKernel probe = backend.probe();
    // Apart by more than a cache line, so that threads do not write to the same one.
    int apart = probe.width() + 32;
    float[] sums = Operands.floats(threads * apart);
    double work = 1e-9 * threads * probe.multiplyAdds(1, sums, 0) * STEPS;
    return of(
        Bound.ARITHMETIC,
        backend,
        threads,
        work,
        (from, to) -> {
          for (int i = from; i < to; i++) {
            probe.multiplyAdds(STEPS, sums, i * apart);
          }
        });
  }

  private static Case memory(int[] words, int threads) {
    LongAdder sink = new LongAdder();
    return new Case(
        Bound.MEMORY.title(),
        "java",
        threads,
        Bound.MEMORY,
        4e-9 * words.length,
        () ->
            Parallel.rows(
                words.length / PART,
                1,
                (from, to) -> sink.add(sum(words, from * PART, to * PART))));
  }

  private static int sum(int[] words, int from, int to) {
    int sum = 0;
    for (int i = from; i < to; i++) {
      sum += words[i];
    }
    return sum;
  }

  private static Case cache(Backend backend, int threads) {
    int n = PointwiseCases.N;
    float[] x = Operands.floats(threads * n);
    float[] y = new float[x.length];
    return of(
        Bound.CACHE,
        backend,
        threads,
        PointwiseCases.REPEAT * 8e-9 * x.length,
        (from, to) -> {
          for (int i = from; i < to; i++) {
            for (int r = 0; r < PointwiseCases.REPEAT; r++) {
              backend.elementwise().scale(n, 0.5f, x, i * n, y, i * n, false);
            }
          }
        });
  }

  private static Case of(
      Bound bound, Backend backend, int threads, double work, Parallel.Body body) {
    return new Case(
        bound.title(), backend.name(), threads, bound, work, () -> Parallel.rows(threads, 1, body));
  }
}

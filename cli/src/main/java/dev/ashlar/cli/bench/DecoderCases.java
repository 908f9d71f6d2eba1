package dev.ashlar.cli.bench;

import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.runner.Runner;
import dev.ashlar.nn.runner.SequenceCache;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kv.KvPrecision;
import dev.ashlar.tensor.weights.MemoryWeights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Whole steps of a small decoder with 4-bit weights, on all threads: the next token of sequences,
 * and new tokens of prompts, at their beginning and far into a context.
 */
final class DecoderCases {
  private static final int BLOCKS = 2;
  private static final int DEPTH = 2048;
  private static final int MANY = 32;

  /** New tokens of each prompt. */
  private static final int PROMPT = 64;

  private static final int SHORT_PROMPT = 32;

  /** Room on a device is a multiple of it for each sequence. */
  private static final int PAGE = 64;

  /** Errors of some sums behind each other. */
  private static final double STEPS = 1e-4;

  private final boolean quick;
  private final Optional<BenchDevice> device;
  private final Supplier<Runner> decoder = loaded(Backends.chosen());
  private final Supplier<Runner> reference = loaded(Backends.reference());

  /** The reference's sequences by their depth: it takes long to come there. */
  private final Map<Integer, Sequences> references = new LinkedHashMap<>();

  private DecoderCases(boolean quick, Optional<BenchDevice> device) {
    this.quick = quick;
    this.device = device;
  }

  static List<Group> groups(boolean quick, Optional<BenchDevice> device) {
    DecoderCases all = new DecoderCases(quick, device);
    return List.of(
        new Group("decode", () -> all.cases(1)),
        new Group("prefill", () -> all.cases(quick ? SHORT_PROMPT : PROMPT)));
  }

  private static Supplier<Runner> loaded(Backend backend) {
    return Operands.once(
        () ->
            Architectures.loadPacked(RandomDecoder.packed(BLOCKS), backend)
                .runner(KvPrecision.F32));
  }

  /** On the device, with room for so many tokens, as a program asks for it. */
  private static Supplier<Runner> loaded(BenchDevice device, int tokens) {
    return Operands.once(
        () -> {
          MemoryWeights weights = RandomDecoder.packed(BLOCKS);
          return device.decoder(Architectures.spec(weights), weights, tokens);
        });
  }

  /** Room that sequences need, in pages of their own. */
  private static int room(int batch, int tokens) {
    return batch * Math.ceilDiv(tokens, PAGE) * PAGE;
  }

  private List<Case> cases(int tokens) {
    List<Case> cases = new ArrayList<>();
    // All but the largest batch share a decoder: each is compiled anew.
    int shared = room(1, tokens) + room(1, DEPTH + tokens) + room(MANY, tokens);
    Optional<Supplier<Runner>> there = device.map(d -> loaded(d, shared));
    if (Operands.backends().size() > 1 && (!quick || tokens == 1)) {
      cases.add(step(Backends.reference(), new Sequences(reference, 1, 0), tokens));
    }
    for (int batch : new int[] {1, MANY}) {
      for (int depth : new int[] {0, DEPTH}) {
        // It takes ten seconds to bring so many sequences so far.
        if (!quick || batch == 1 || depth == 0) {
          cases.add(step(Backends.chosen(), new Sequences(decoder, batch, depth), tokens));
          if (device.isPresent()) {
            Supplier<Runner> own =
                batch == 1 || depth == 0
                    ? there.orElseThrow()
                    : loaded(device.get(), room(batch, depth + tokens));
            cases.add(step(device.get(), new Sequences(own, batch, depth), tokens));
          }
        }
      }
    }
    return cases;
  }

  private Case step(Backend backend, Sequences s, int tokens) {
    Case step = step(backend.name(), Parallel.threads(), false, bytes(backend), s, tokens);
    // The reference reads two thousand tokens in ten seconds.
    return quick && s.depth > 0 ? step : checked(step, s, tokens, () -> false);
  }

  private Case checked(Case step, Sequences s, int tokens, BooleanSupplier over) {
    return step.checked(new Check(s::logits, () -> expected(s.depth, tokens, over), STEPS));
  }

  /** On the device, whatever it takes always held against the reference. */
  private Case step(BenchDevice device, Sequences s, int tokens) {
    double bytes = RandomDecoder.BITS / 8.0 + 8.0 / RandomDecoder.GROUP;
    Case step = step(device.name(), 1, true, bytes, s.until(device::over), tokens);
    return checked(step, s, tokens, device::over);
  }

  /** Bytes of a weight in the layout of a backend. */
  private static double bytes(Backend backend) {
    int dim = RandomDecoder.DIM;
    return backend
            .packed()
            .pack(Operands.codes(dim, dim, RandomDecoder.BITS, RandomDecoder.GROUP))
            .byteSize()
        / ((double) dim * dim);
  }

  private static Case step(
      String backend, int threads, boolean there, double bytes, Sequences s, int tokens) {
    String name =
        (tokens == 1 ? "1 token" : tokens + " tokens")
            + (s.batch == 1 ? " of 1 sequence" : " of " + s.batch + " sequences")
            + " at "
            + s.depth;
    // A token alone, and those that look back far, wait for memory.
    boolean memory = tokens == 1 && (s.batch == 1 || s.depth > 0);
    Bound bound = memory ? Bound.MEMORY : Bound.ARITHMETIC;
    return new Case(
            name,
            backend,
            threads,
            there ? bound.onDevice() : bound,
            1e-9 * (memory ? s.bytes(bytes) : s.operations(tokens)),
            () -> s.next(tokens))
        .prepared(() -> s.begin(tokens));
  }

  private float[] expected(int depth, int tokens, BooleanSupplier over) {
    Sequences s =
        references.computeIfAbsent(depth, d -> new Sequences(reference, 1, d)).until(over);
    s.begin(tokens);
    s.next(tokens);
    return s.logits();
  }

  /** Sequences of equal lengths, each with a cache of its own. */
  private static final class Sequences {
    final int batch;
    final int depth;
    private final Supplier<Runner> decoder;
    private final List<SequenceCache> caches = new ArrayList<>();
    private BooleanSupplier over = () -> false;
    private boolean begun;
    private Runner runner;
    private int[][] ids;
    private float[] last;
    private float[] logits;

    Sequences(Supplier<Runner> decoder, int batch, int depth) {
      this.decoder = decoder;
      this.batch = batch;
      this.depth = depth;
    }

    /** The same, whose reading ends in a {@code CancellationException} when it is {@code over}. */
    Sequences until(BooleanSupplier isOver) {
      over = isOver;
      return this;
    }

    /** Reads what comes before the step, unless that was done. */
    void begin(int tokens) {
      if (!begun) {
        caches.clear();
        runner = decoder.get();
        last = new float[batch * RandomDecoder.DIM];
        for (int b = 0; b < batch; b++) {
          SequenceCache cache = runner.newCache();
          if (depth > 0) {
            hidden(List.of(Runner.Part.of(cache, tokens(b, depth))));
          }
          caches.add(cache);
        }
        begun = true;
      }
      ids = new int[batch][];
      for (int b = 0; b < batch; b++) {
        ids[b] = tokens(MANY + b, tokens);
      }
    }

    /** The step, from the same beginning each time. */
    void next(int tokens) {
      List<Runner.Part> parts = new ArrayList<>();
      for (int b = 0; b < batch; b++) {
        caches.get(b).truncate(depth);
        parts.add(Runner.Part.of(caches.get(b), ids[b]));
      }
      float[] hidden = hidden(parts).data();
      int dim = RandomDecoder.DIM;
      for (int b = 0; b < batch; b++) {
        System.arraycopy(hidden, ((b + 1) * tokens - 1) * dim, last, b * dim, dim);
      }
      logits = runner.head(Tensor.of(last, batch, dim)).data();
    }

    /** Those of the first sequence. */
    float[] logits() {
      return Arrays.copyOf(logits, RandomDecoder.VOCABULARY);
    }

    private Tensor hidden(List<Runner.Part> parts) {
      return runner.hidden(parts, over);
    }

    /** Multiplications and additions of linear maps, output map and attention. */
    double operations(int tokens) {
      double rows = (double) batch * tokens;
      double head = 2.0 * batch * RandomDecoder.VOCABULARY * RandomDecoder.DIM;
      double seen = depth + (tokens + 1) / 2.0;
      double attention = 4 * seen * RandomDecoder.HEADS * RandomDecoder.HEAD_DIM;
      return head + rows * BLOCKS * (2.0 * RandomDecoder.blockWeights() + attention);
    }

    /** Of weights, read once for all sequences, and of keys and values. */
    double bytes(double one) {
      int dim = RandomDecoder.DIM;
      double weights = BLOCKS * RandomDecoder.blockWeights() + RandomDecoder.VOCABULARY * dim;
      double row = 2.0 * Float.BYTES * RandomDecoder.KV_HEADS * RandomDecoder.HEAD_DIM;
      return one * weights + BLOCKS * row * batch * depth;
    }

    private static int[] tokens(int seed, int count) {
      return new Random(seed).ints(count, 0, RandomDecoder.VOCABULARY).toArray();
    }
  }
}

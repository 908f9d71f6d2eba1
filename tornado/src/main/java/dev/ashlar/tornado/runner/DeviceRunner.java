package dev.ashlar.tornado.runner;

import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.InferenceOptions;
import dev.ashlar.nn.decoder.LastBlocks;
import dev.ashlar.nn.decoder.RotarySpec;
import dev.ashlar.nn.device.DeviceDecoder;
import dev.ashlar.nn.runner.SequenceCache;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kv.KvPrecision;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/**
 * A decoder whose weights and whose keys and values stay on a device, or those of its first blocks
 * as far as there is memory; then the processor runs the others, with caches of its own. A call
 * takes tokens in batches of a fixed number of rows, of which work items of those that nobody has
 * end at once; rows of any sequences go side by side. Sums are in another order than on the
 * processor, so that logits differ by rounding.
 *
 * <p>Not thread-safe. Embeddings are the processor's, and their rows stay in the source, which has
 * to stay open.
 */
public final class DeviceRunner implements DeviceDecoder {
  /**
   * How it runs.
   *
   * @param tokens that all sequences together may have
   * @param batch rows at a time, at most
   * @param groups whether kernels of groups are used, as graphics processors need
   * @param memory bytes of the device that weights, keys, values and buffers may take, or 0 for any
   *     number; first blocks go there in order, then the head, as far as they fit
   */
  public record Options(int tokens, int batch, boolean groups, long memory) {
    public Options {
      if (tokens < 1 || batch < 1) {
        throw new IllegalArgumentException(
            "a runner needs room for a token and a row: " + tokens + " and " + batch);
      }
      if (memory < 0) {
        throw new IllegalArgumentException("a device has no " + memory + " bytes");
      }
    }

    /** The same with no limit to the memory. */
    public Options(int tokens, int batch, boolean groups) {
      this(tokens, batch, groups, 0);
    }
  }

  private final DecoderSpec spec;
  private final List<DeviceBlock> blocks = new ArrayList<>();
  private final Map<RotarySpec, Angles> angles = new LinkedHashMap<>();
  private final DevicePages pages;
  private final Buffers buffers;
  private final Ledger ledger;

  /** Null if the head is on the processor. */
  private final DeviceLogits head;

  private final DeviceGraphs graphs;
  private final LastBlocks rest;

  private DeviceRunner(DecoderSpec spec, WeightSource source, Options options, Backend backend) {
    this.spec = spec;
    this.ledger = new Ledger(options.memory());
    Tensors tensors = new Tensors(spec, source);
    Widths widths = new Widths();
    spec.blocks().forEach(b -> DeviceBlock.widen(b, spec.dim(), widths));
    int count = DevicePages.count(options.tokens());
    Decoder stored = Decoder.loadFrozen(spec, source, backend);
    long graph = Buffers.bytes(options.batch(), spec.dim(), count, widths);
    putBlocks(stored, tensors, options, graph);
    this.buffers = new Buffers(options.batch(), spec.dim(), count, widths);
    DeviceHead row = putHead(stored, tensors);
    this.head =
        row == null ? null : new DeviceLogits(row, options.batch(), options.groups(), ledger);
    this.graphs = new DeviceGraphs(blocks, buffers, options.groups());
    this.pages = new DevicePages(options.tokens(), graphs::copyPage);
    this.rest =
        Decoder.loadPacked(
                spec, source, backend, InferenceOptions.defaults(), blocks.size(), head == null)
            .lastBlocks(blocks.size(), KvPrecision.F32);
  }

  /**
   * Makes as many blocks as fit, one at a time.
   *
   * @param graph bytes that a graph takes beside its blocks
   */
  private void putBlocks(Decoder stored, Tensors tensors, Options options, long graph) {
    int slots = DevicePages.count(options.tokens()) * DevicePages.TOKENS;
    for (int i = 0; i < stored.blockCount(); i++) {
      boolean first = i % DeviceGraphs.BLOCKS == 0;
      if (first) {
        ledger.beginGraph();
      }
      BlockTensors own = new BlockTensors(stored.loadBlock(i), tensors);
      DeviceBlock block =
          new DeviceBlock(
              spec.blocks().get(i),
              own,
              rotary ->
                  angles.computeIfAbsent(
                      rotary, r -> new Angles(r, options.tokens(), options.batch())),
              slots);
      List<Object> arrays = new ArrayList<>();
      block.addArrays(arrays);
      block.addChanging(arrays);
      long more = first ? graph : 0;
      if (!ledger.take(arrays, more)) {
        if (i == 0) {
          throw new IllegalArgumentException(
              "the first block of the model takes "
                  + (ledger.bytes(arrays) + more)
                  + " bytes of the device with its keys, values and buffers, and "
                  + options.memory()
                  + " are allowed");
        }
        return;
      }
      blocks.add(block);
    }
  }

  /** The head, or null if it does not fit. */
  private DeviceHead putHead(Decoder stored, Tensors tensors) {
    DeviceWeight table =
        stored.tiedHead()
            ? tensors.matrix(tensors.stored(spec.embedding().name() + ".weight"))
            : null;
    DeviceHead made = DeviceHead.of(spec.head(), spec.dim(), tensors, table);
    ledger.beginGraph();
    return ledger.take(made.allArrays(), 0) ? made : null;
  }

  /** Why no device runs such a decoder, in one sentence; empty if one does. */
  public static Optional<String> refusal(DecoderSpec spec) {
    return Support.missing(spec)
        .map(what -> "no device runs models of type " + spec.modelType() + " yet: " + what);
  }

  /**
   * Puts a decoder onto the default device, and what does not fit onto the process's backend.
   *
   * @param source is read for embeddings as long as the runner is used
   * @throws IllegalArgumentException with {@link #refusal}, naming a matrix that no kernel knows,
   *     or saying that not even a block fits
   */
  public static DeviceRunner open(DecoderSpec spec, WeightSource source, Options options) {
    return open(spec, source, options, Backends.chosen());
  }

  /**
   * The same with another backend for what is not on the device.
   *
   * @param backend the processor's
   */
  public static DeviceRunner open(
      DecoderSpec spec, WeightSource source, Options options, Backend backend) {
    refusal(spec)
        .ifPresent(
            said -> {
              throw new IllegalArgumentException(said);
            });
    return new DeviceRunner(spec, source, options, backend);
  }

  /** Where blocks and head are, for people: {@code blocks 0–11 on the device, …}. */
  public String placement() {
    int n = spec.blocks().size();
    int here = blocks.size();
    StringBuilder text = new StringBuilder(range(0, here)).append(" on the device");
    if (here < n) {
      text.append(", ").append(range(here, n)).append(" on the processor");
    }
    return text.append(", the head on the ")
        .append(head == null ? "processor" : "device")
        .toString();
  }

  private static String range(int from, int to) {
    return to - from == 1 ? "block " + from : "blocks " + from + "–" + (to - 1);
  }

  /** How many of the first blocks are on the device. */
  public int blocksOnDevice() {
    return blocks.size();
  }

  /** Bytes of the device that weights, keys, values and buffers take. */
  public long deviceBytes() {
    return ledger.used();
  }

  @Override
  public int dim() {
    return spec.dim();
  }

  @Override
  public int vocab() {
    return spec.vocab();
  }

  @Override
  public SequenceCache newCache() {
    return new DeviceCache(this, pages, rest.newCache());
  }

  /** Bytes of a page in all blocks on the device. */
  long pageBytes() {
    return blocks.stream().mapToLong(b -> DevicePages.TOKENS * b.tokenBytes()).sum();
  }

  @Override
  public Tensor hidden(List<Part> parts, BooleanSupplier cancelled) {
    List<DeviceCache> caches = caches(parts);
    int rows = parts.stream().mapToInt(p -> p.ids().length).sum();
    List<Part> others = new ArrayList<>();
    for (int i = 0; i < caches.size(); i++) {
      others.add(new Part(caches.get(i).rest(), parts.get(i).ids(), parts.get(i).horizon()));
    }
    Tensor hidden = Tensor.zeros(rows, spec.dim());
    Tensor last;
    try {
      // What may end the call comes before pages are reserved: copies of them must be made then.
      Tensor embedded = rest.embed(others);
      if (cancelled.getAsBoolean()) {
        throw new CancellationException();
      }
      reserve(parts, caches);
      run(parts, caches, embedded, hidden, cancelled);
      last = rest.hidden(others, hidden, cancelled);
    } catch (RuntimeException | Error e) {
      caches.forEach(c -> c.truncate(c.length()));
      throw e;
    }
    for (int i = 0; i < caches.size(); i++) {
      caches.get(i).advance(parts.get(i).ids().length);
    }
    return last;
  }

  private void reserve(List<Part> parts, List<DeviceCache> caches) {
    try {
      for (int i = 0; i < caches.size(); i++) {
        caches.get(i).reserve(parts.get(i).ids().length);
      }
    } catch (IllegalStateException e) {
      // What was to be copied before the next run must be, while both pages are somebody's.
      graphs.copyNow();
      throw e;
    }
  }

  private List<DeviceCache> caches(List<Part> parts) {
    if (parts.isEmpty()) {
      throw new IllegalArgumentException("there are no sequences to continue");
    }
    List<DeviceCache> caches = new ArrayList<>();
    for (Part part : parts) {
      int at = caches.size();
      if (!(part.cache() instanceof DeviceCache cache) || cache.runner() != this) {
        throw new IllegalArgumentException("the cache of part " + at + " is not of this runner");
      }
      if (part.ids().length == 0) {
        throw new IllegalArgumentException("part " + at + " holds no tokens");
      }
      if (caches.contains(cache)) {
        throw new IllegalArgumentException(
            "parts " + caches.indexOf(cache) + " and " + at + " have the same cache");
      }
      for (int id : part.ids()) {
        if (id < 0 || id >= spec.vocab()) {
          throw new IllegalArgumentException(
              "token id " + id + " is outside the vocabulary of " + spec.vocab());
        }
      }
      caches.add(cache);
    }
    return caches;
  }

  /**
   * The blocks on the device.
   *
   * @param embedded the stream before them {@code [tokens, dim]}
   * @param hidden becomes the stream behind them {@code [tokens, dim]}
   */
  private void run(
      List<Part> parts,
      List<DeviceCache> caches,
      Tensor embedded,
      Tensor hidden,
      BooleanSupplier cancelled) {
    Buffers b = buffers;
    int rows = hidden.rows();
    int part = 0;
    int token = 0;
    for (int from = 0; from < rows; ) {
      if (from > 0 && cancelled.getAsBoolean()) {
        throw new CancellationException();
      }
      int n = Math.min(b.rows(), rows - from);
      b.active().set(0, n);
      for (int r = 0; r < b.rows(); r++) {
        if (r >= n) {
          nobody(b, r);
          continue;
        }
        while (token == parts.get(part).ids().length) {
          part++;
          token = 0;
        }
        DeviceCache cache = caches.get(part);
        int length = cache.length() + parts.get(part).ids().length;
        place(r, cache, cache.length() + token, Math.max(length, parts.get(part).horizon()));
        for (int i = 0; i < spec.dim(); i++) {
          b.x().set(r * spec.dim() + i, embedded.data()[(from + r) * spec.dim() + i]);
        }
        token++;
      }
      graphs.runBlocks();
      for (int i = 0; i < n * spec.dim(); i++) {
        hidden.data()[from * spec.dim() + i] = b.x().get(i);
      }
      from += n;
    }
  }

  /** A row that only fills up the batch. */
  private static void nobody(Buffers b, int r) {
    b.leave(r);
    for (int i = 0; i < b.dim(); i++) {
      b.x().set(r * b.dim() + i, 0);
    }
  }

  private void place(int r, DeviceCache cache, int position, int length) {
    Buffers b = buffers;
    b.take(r, position);
    angles.values().forEach(a -> a.set(r, position, length));
    for (int i = 0; i < cache.count(); i++) {
      b.table().set(r * b.pages() + i, cache.page(i));
    }
  }

  @Override
  public Tensor head(Tensor hidden) {
    return head == null ? rest.head(hidden) : head.of(hidden);
  }

  /** Frees the device's memory; the runner cannot be used any more. */
  @Override
  public void close() {
    graphs.close();
    if (head != null) {
      head.close();
    }
  }
}

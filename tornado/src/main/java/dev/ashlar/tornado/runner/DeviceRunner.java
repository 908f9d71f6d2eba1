package dev.ashlar.tornado.runner;

import dev.ashlar.nn.decoder.BlockSpec;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.RotarySpec;
import dev.ashlar.nn.device.DeviceDecoder;
import dev.ashlar.nn.runner.SequenceCache;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.weights.StoredTensor;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * A decoder whose weights and whose keys and values stay on a device. A call takes tokens in
 * batches of a fixed number of rows, of which work items of those that nobody has end at once; rows
 * of any sequences go side by side. Sums are in another order than on the processor, so that logits
 * differ by rounding.
 *
 * <p>Not thread-safe. Rows of the embedding stay in the source, which has to stay open.
 */
public final class DeviceRunner implements DeviceDecoder {
  /**
   * How it runs.
   *
   * @param tokens that all sequences together may have
   * @param batch rows at a time, at most
   * @param groups whether kernels of groups are used, as graphics processors need
   */
  public record Options(int tokens, int batch, boolean groups) {
    public Options {
      if (tokens < 1 || batch < 1) {
        throw new IllegalArgumentException(
            "a runner needs room for a token and a row: " + tokens + " and " + batch);
      }
    }
  }

  private final DecoderSpec spec;
  private final StoredTensor embedding;
  private final List<DeviceBlock> blocks = new ArrayList<>();
  private final DevicePages pages;
  private final Buffers buffers;
  private final DeviceHead head;
  private final DeviceGraphs graphs;

  private DeviceRunner(DecoderSpec spec, WeightSource source, Options options) {
    this.spec = spec;
    Tensors tensors = new Tensors(spec, source);
    this.embedding = tensors.stored(spec.embedding().name() + ".weight");
    int count = DevicePages.count(options.tokens());
    Map<RotarySpec, DeviceBlock.Angles> angles = new LinkedHashMap<>();
    Buffers.Widths widths = new Buffers.Widths();
    for (BlockSpec b : spec.blocks()) {
      DeviceBlock block =
          new DeviceBlock(b, tensors, angles, options.tokens(), count * DevicePages.TOKENS);
      block.widen(widths);
      blocks.add(block);
    }
    this.buffers = Buffers.of(options.batch(), spec.dim(), count, widths);
    FloatArray table =
        spec.head().tied() ? FloatArray.fromArray(embedding.toTensor().data()) : null;
    this.head = DeviceHead.of(spec.head(), tensors, table);
    this.graphs = new DeviceGraphs(blocks, buffers, head, options.groups());
    this.pages = new DevicePages(options.tokens(), graphs::copyPage);
  }

  /** Why no device runs such a decoder, in one sentence; empty if one does. */
  public static Optional<String> refusal(DecoderSpec spec) {
    return Support.missing(spec)
        .map(what -> "no device runs models of type " + spec.modelType() + " yet: " + what);
  }

  /**
   * Puts a decoder onto the default device.
   *
   * @param source is read for embeddings as long as the runner is used
   * @throws IllegalArgumentException with {@link #refusal}, or naming a matrix that no kernel knows
   */
  public static DeviceRunner open(DecoderSpec spec, WeightSource source, Options options) {
    refusal(spec)
        .ifPresent(
            said -> {
              throw new IllegalArgumentException(said);
            });
    return new DeviceRunner(spec, source, options);
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
    return new DeviceCache(this, pages);
  }

  /** Bytes of a page in all blocks. */
  long pageBytes() {
    return blocks.stream().mapToLong(b -> 2L * Float.BYTES * DevicePages.TOKENS * b.keyDim()).sum();
  }

  @Override
  public Tensor hidden(List<Part> parts, BooleanSupplier cancelled) {
    List<DeviceCache> caches = caches(parts);
    int rows = parts.stream().mapToInt(p -> p.ids().length).sum();
    Tensor hidden = Tensor.zeros(rows, spec.dim());
    try {
      reserve(parts, caches);
      run(parts, caches, rows, hidden, cancelled);
    } catch (RuntimeException | Error e) {
      caches.forEach(c -> c.truncate(c.length()));
      throw e;
    }
    for (int i = 0; i < caches.size(); i++) {
      caches.get(i).advance(parts.get(i).ids().length);
    }
    return hidden;
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

  private void run(
      List<Part> parts,
      List<DeviceCache> caches,
      int rows,
      Tensor hidden,
      BooleanSupplier cancelled) {
    Buffers b = buffers;
    int part = 0;
    int token = 0;
    for (int from = 0; from < rows; ) {
      if (cancelled.getAsBoolean()) {
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
        place(b, r, parts.get(part).ids()[token], cache, cache.length() + token);
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

  private void place(Buffers b, int r, int id, DeviceCache cache, int position) {
    b.places().set(2 * r, r);
    b.places().set(2 * r + 1, position);
    for (int i = 0; i < cache.count(); i++) {
      b.table().set(r * b.pages() + i, cache.page(i));
    }
    float[] row = new float[spec.dim()];
    embedding.read((long) id * spec.dim(), row, 0, spec.dim());
    for (int i = 0; i < row.length; i++) {
      b.x().set(r * spec.dim() + i, row[i] * spec.embedding().scale());
    }
  }

  @Override
  public Tensor head(Tensor hidden) {
    int rows = hidden.size() / spec.dim();
    Tensor all = Tensor.zeros(rows, spec.vocab());
    for (int r = 0; r < rows; r++) {
      for (int i = 0; i < spec.dim(); i++) {
        head.in().set(i, hidden.data()[r * spec.dim() + i]);
      }
      graphs.runHead();
      for (int i = 0; i < spec.vocab(); i++) {
        all.data()[r * spec.vocab() + i] = head.logits().get(i);
      }
    }
    return all;
  }

  /** Frees the device's memory; the runner cannot be used any more. */
  @Override
  public void close() {
    graphs.close();
  }
}

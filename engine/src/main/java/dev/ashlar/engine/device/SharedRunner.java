package dev.ashlar.engine.device;

import dev.ashlar.nn.device.DeviceDecoder;
import dev.ashlar.nn.runner.Runner;
import dev.ashlar.nn.runner.SequenceCache;
import dev.ashlar.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * One text's share of a decoder that several use: takes its turn, hands out copies, and knows its
 * caches. All is done under the lock of the model that lent it.
 */
final class SharedRunner implements Runner {
  private final DeviceDecoder decoder;
  private final DeviceModel lock;
  private final List<Cache> caches = new ArrayList<>();
  private boolean ended;

  SharedRunner(DeviceDecoder decoder, DeviceModel lock) {
    this.decoder = decoder;
    this.lock = lock;
  }

  @Override
  public int dim() {
    return decoder.dim();
  }

  @Override
  public int vocab() {
    return decoder.vocab();
  }

  @Override
  public SequenceCache newCache() {
    synchronized (lock) {
      require();
      return kept(decoder.newCache());
    }
  }

  private Cache kept(SequenceCache cache) {
    Cache shared = new Cache(cache);
    caches.add(shared);
    return shared;
  }

  @Override
  public Tensor hidden(List<Part> batch, BooleanSupplier cancelled) {
    synchronized (lock) {
      require();
      return decoder.hidden(batch.stream().map(this::own).toList(), cancelled).copy();
    }
  }

  private Part own(Part part) {
    if (!(part.cache() instanceof Cache cache) || !caches.contains(cache)) {
      throw new IllegalArgumentException("a cache is not of this runner");
    }
    return new Part(cache.own, part.ids(), part.horizon());
  }

  @Override
  public Tensor head(Tensor hidden) {
    synchronized (lock) {
      require();
      return decoder.head(hidden).copy();
    }
  }

  private void require() {
    if (ended || lock.isClosed()) {
      throw new IllegalStateException("the text has ended, or its model is closed");
    }
  }

  /** Gives its caches back; false if it had before. */
  boolean end() {
    if (ended) {
      return false;
    }
    ended = true;
    if (!lock.isClosed()) {
      List.copyOf(caches).forEach(Cache::close);
    }
    return true;
  }

  /** A cache of the decoder's. */
  private final class Cache implements SequenceCache {
    private final SequenceCache own;

    Cache(SequenceCache own) {
      this.own = own;
    }

    @Override
    public int length() {
      synchronized (lock) {
        return own.length();
      }
    }

    @Override
    public void truncate(int length) {
      synchronized (lock) {
        require();
        own.truncate(length);
      }
    }

    @Override
    public SequenceCache fork() {
      synchronized (lock) {
        require();
        return kept(own.fork());
      }
    }

    @Override
    public long byteSize() {
      synchronized (lock) {
        return own.byteSize();
      }
    }

    @Override
    public void close() {
      synchronized (lock) {
        own.close();
        caches.remove(this);
      }
    }
  }
}

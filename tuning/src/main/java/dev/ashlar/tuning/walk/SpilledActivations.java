package dev.ashlar.tuning.walk;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tuning.method.Activations;
import dev.ashlar.tuning.method.TuningException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CancellationException;

/**
 * Floats in a file of their own. It is read and written at positions, not mapped: writing to a
 * mapping when the disk is full kills the process, where a write throws; and pages of a mapping
 * count as the process's own memory, which is what is to be saved.
 *
 * <p>Where the system allows it the file has no name from the moment it is open, so that nothing is
 * left of it however the process ends. Interrupting a thread that reads or writes it closes it, and
 * nothing can open a file without a name again: that ends the run.
 */
final class SpilledActivations implements Activations {
  /** Bytes that are copied at a time. */
  private static final int CHUNK = 1 << 20;

  private final Path folder;
  private final FileChannel file;
  private final int count;
  private final int length;
  private final int dim;
  private final ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK).order(ByteOrder.nativeOrder());

  /**
   * @param folder takes the file
   * @throws TuningException if it cannot be made
   */
  SpilledActivations(Path folder, int count, int length, int dim) {
    this.folder = folder;
    this.count = count;
    this.length = length;
    this.dim = dim;
    try {
      Path name = Files.createTempFile(folder, ".ashlar-spill", ".tmp");
      this.file =
          FileChannel.open(
              name,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE,
              LinkOption.NOFOLLOW_LINKS,
              // Takes the name away at once on POSIX systems, on closing elsewhere.
              StandardOpenOption.DELETE_ON_CLOSE);
    } catch (IOException e) {
      throw fault("cannot hold activations", e);
    }
  }

  /**
   * @throws CancellationException if the thread was interrupted, which it then still is
   */
  private TuningException fault(String problem, IOException e) {
    if (e instanceof ClosedByInterruptException) {
      CancellationException ended =
          new CancellationException("interrupted while activations were read or written");
      ended.initCause(e);
      throw ended;
    }
    return new TuningException(
        folder.toString(),
        problem + " (" + e.getMessage() + "); choose another folder for them, or more memory",
        e);
  }

  @Override
  public int count() {
    return count;
  }

  @Override
  public int length() {
    return length;
  }

  @Override
  public int dim() {
    return dim;
  }

  private long size() {
    return (long) length * dim;
  }

  @Override
  public void gather(int[] rows, int from, int samples, Tensor into) {
    for (int b = 0; b < samples; b++) {
      read(rows[from + b], into.data(), Math.toIntExact(b * size()));
    }
  }

  @Override
  public void read(int first, int samples, Tensor into) {
    for (int b = 0; b < samples; b++) {
      read(first + b, into.data(), Math.toIntExact(b * size()));
    }
  }

  private void read(int sample, float[] to, int at) {
    long position = sample * size() * Float.BYTES;
    int left = Math.toIntExact(size());
    try {
      for (int done = 0; done < left; ) {
        int n = Math.min(left - done, CHUNK / Float.BYTES);
        chunk.clear().limit(n * Float.BYTES);
        fill(position + (long) done * Float.BYTES);
        chunk.flip().asFloatBuffer().get(to, at + done, n);
        done += n;
      }
    } catch (IOException e) {
      throw fault("cannot give activations back", e);
    }
  }

  /** What was never written reads as zeros, as in memory. */
  private void fill(long position) throws IOException {
    while (chunk.hasRemaining()) {
      if (file.read(chunk, position + chunk.position()) < 0) {
        while (chunk.hasRemaining()) {
          chunk.put((byte) 0);
        }
      }
    }
  }

  @Override
  public void write(int first, int samples, Tensor batch) {
    int left = Math.toIntExact(samples * size());
    long position = first * size() * Float.BYTES;
    try {
      for (int done = 0; done < left; ) {
        int n = Math.min(left - done, CHUNK / Float.BYTES);
        chunk.clear().limit(n * Float.BYTES);
        chunk.asFloatBuffer().put(batch.data(), done, n);
        while (chunk.hasRemaining()) {
          file.write(chunk, position + (long) done * Float.BYTES + chunk.position());
        }
        done += n;
      }
    } catch (IOException e) {
      throw fault("cannot take activations", e);
    }
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      throw fault("cannot be freed of activations", e);
    }
  }
}

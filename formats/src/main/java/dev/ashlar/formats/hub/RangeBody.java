package dev.ashlar.formats.hub;

import java.io.IOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.LongAdder;

/**
 * Writes the body of an answer to its place in a file as it comes, by whichever thread brings it,
 * and no more than was asked for.
 */
final class RangeBody implements BodySubscriber<Void> {
  private final FileChannel channel;
  private final long from;
  private final long most;
  private final LongAdder sum;
  private final CompletableFuture<Void> result = new CompletableFuture<>();
  private Flow.Subscription subscription;
  private volatile long received;
  private volatile long changed = System.nanoTime();
  private volatile boolean ended;

  /**
   * @param from position of the first byte
   * @param most bytes at most
   * @param sum counts bytes of all bodies
   */
  RangeBody(FileChannel channel, long from, long most, LongAdder sum) {
    this.channel = channel;
    this.from = from;
    this.most = most;
    this.sum = sum;
  }

  /** Bytes so far. */
  long received() {
    return received;
  }

  /** When the last byte came, by {@link System#nanoTime}. */
  long changed() {
    return changed;
  }

  /** Writes nothing from now on: not even what is being written when this is called. */
  synchronized void end() {
    ended = true;
  }

  @Override
  public CompletionStage<Void> getBody() {
    return result;
  }

  @Override
  public void onSubscribe(Flow.Subscription s) {
    subscription = s;
    s.request(1);
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    try {
      for (ByteBuffer b : buffers) {
        write(b);
      }
      subscription.request(1);
    } catch (IOException e) {
      subscription.cancel();
      result.completeExceptionally(e);
    }
  }

  private synchronized void write(ByteBuffer b) throws IOException {
    if (b.remaining() > most - received) {
      throw new TooLong();
    }
    while (b.hasRemaining()) {
      if (ended) {
        throw new IOException("the download ended");
      }
      int n;
      try {
        n = channel.write(b, from + received);
      } catch (IOException e) {
        throw new Unwritable(e);
      }
      sum.add(n);
      received += n;
    }
    changed = System.nanoTime();
  }

  @Override
  public void onError(Throwable t) {
    result.completeExceptionally(t);
  }

  @Override
  public void onComplete() {
    if (received == most) {
      result.complete(null);
    } else {
      result.completeExceptionally(new IOException("the connection ended early"));
    }
  }

  /** More bytes came than were asked for. */
  static final class TooLong extends IOException {
    private static final long serialVersionUID = 1;
  }

  /** The file cannot be written, which no other connection mends. */
  static final class Unwritable extends IOException {
    private static final long serialVersionUID = 1;

    Unwritable(IOException cause) {
      super(cause);
    }

    IOException reason() {
      return (IOException) getCause();
    }
  }
}

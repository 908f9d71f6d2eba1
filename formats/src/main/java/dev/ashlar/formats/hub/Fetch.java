package dev.ashlar.formats.hub;

import dev.ashlar.formats.hub.Download.Piece;
import dev.ashlar.io.InputException;
import dev.ashlar.io.file.AtomicFile;
import java.io.IOException;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Fetches files in ranges, several at a time. The caller's thread decides everything; the HTTP
 * client's own threads only write bytes to their places.
 */
final class Fetch implements AutoCloseable {
  private static final long LOOK_MILLIS = 100;
  private static final long MOST_OF_AN_ERROR = 64 << 10;
  private static final Pattern CONTENT_RANGE = Pattern.compile("bytes (\\d+)-(\\d+)/(\\d+|\\*)");
  private static final int WHOLE = 200;
  private static final int PARTIAL = 206;
  private static final int UNSATISFIABLE = 416;

  private final HubClient client;
  private final HubFaults faults;
  private final HubListener.Progress progress;
  private final int connections;
  private final LongAdder bytes = new LongAdder();
  private final List<Piece> waiting = new ArrayList<>();
  private final Set<Exchange> running = new HashSet<>();
  private final BlockingQueue<Exchange> ended = new LinkedBlockingQueue<>();

  /** Until when a busy server is left alone, by {@link System#nanoTime}. */
  private long calm = System.nanoTime();

  /** How often it was, since bytes came. */
  private int rounds;

  /**
   * @param connections at most, at a time
   */
  Fetch(HubClient client, HubFaults faults, HubListener.Progress progress, int connections) {
    this.client = client;
    this.faults = faults;
    this.progress = progress;
    this.connections = connections;
  }

  /** A piece that was asked for. */
  private static final class Exchange {
    final Piece piece;
    final long begun = System.nanoTime();
    CompletableFuture<HttpResponse<Void>> future;
    volatile RangeBody body;
    HttpResponse<Void> answer;
    Throwable fault;
    boolean stalled;
    boolean dropped;

    Exchange(Piece piece) {
      this.piece = piece;
    }

    long changed() {
      RangeBody b = body;
      return b == null ? begun : b.changed();
    }

    void stop() {
      RangeBody b = body;
      if (b != null) {
        b.end();
      }
      future.cancel(true);
    }
  }

  /**
   * Fetches all files and publishes each as its blob when it is whole and right.
   *
   * @throws InputException if one cannot be had
   */
  void run(List<Download> downloads) {
    for (Download d : downloads) {
      bytes.add(d.part.bytes());
      waiting.addAll(d.pieces());
    }
    for (Download d : downloads) {
      if (d.left == 0) {
        finish(d);
      }
    }
    while (!waiting.isEmpty() || !running.isEmpty()) {
      requireWanted();
      begin();
      try {
        Exchange e = ended.poll(LOOK_MILLIS, TimeUnit.MILLISECONDS);
        if (e != null) {
          running.remove(e);
          settle(e);
        }
      } catch (InterruptedException e) {
        throw HubClient.interrupted();
      }
      stopStalled();
      progress.at(bytes.sum(), underWay());
    }
  }

  private void requireWanted() {
    if (client.listener().cancelled()) {
      throw new CancellationException("cancelled");
    }
  }

  private String underWay() {
    return running.stream().map(e -> e.piece.of.file.path()).findFirst().orElse("");
  }

  private void begin() {
    long now = System.nanoTime();
    if (calm - now > 0) {
      return;
    }
    for (int i = 0; i < waiting.size() && running.size() < connections; ) {
      if (waiting.get(i).when - now > 0) {
        i++;
      } else {
        begin(waiting.remove(i));
      }
    }
  }

  private void begin(Piece piece) {
    Exchange e = new Exchange(piece);
    running.add(e);
    e.future = client.range(piece.of.location, piece.header(), info -> body(e, info));
    e.future.whenComplete(
        (answer, fault) -> {
          e.answer = answer;
          e.fault = fault;
          ended.add(e);
        });
  }

  /** Takes the bytes of an answer that has the right ones, and little of any other. */
  private BodySubscriber<Void> body(Exchange e, HttpResponse.ResponseInfo info) {
    Piece p = e.piece;
    boolean right =
        info.statusCode() == PARTIAL && isAsked(p, info.headers())
            || info.statusCode() == WHOLE && p.isAll() && isLong(info.headers(), p.of.file.size());
    if (!right) {
      return info.statusCode() / 100 == 2
          ? new UnwantedBody()
          : BodySubscribers.limiting(BodySubscribers.replacing(null), MOST_OF_AN_ERROR);
    }
    if (info.statusCode() == WHOLE) {
      // Whatever was there: it comes again from the beginning.
      bytes.add(-p.there);
      p.there = 0;
    }
    long at = p.from + p.there;
    e.body = new RangeBody(p.of.part.channel(), at, p.end - at, bytes);
    return e.body;
  }

  /** Whether an answer has that many bytes, or does not say. */
  private static boolean isLong(HttpHeaders headers, long size) {
    return headers.firstValue("Content-Length").map(Long.toString(size)::equals).orElse(true);
  }

  private static boolean isAsked(Piece p, HttpHeaders headers) {
    Matcher m = CONTENT_RANGE.matcher(headers.firstValue("Content-Range").orElse(""));
    return m.matches()
        && m.group(1).equals(Long.toString(p.from + p.there))
        && m.group(2).equals(Long.toString(p.end - 1))
        && (m.group(3).equals("*") || m.group(3).equals(Long.toString(p.of.file.size())));
  }

  private void settle(Exchange e) {
    if (e.dropped) {
      return;
    }
    Piece p = e.piece;
    boolean moved = false;
    if (e.body != null) {
      long received = e.body.received();
      p.there += received;
      moved = received > 0;
    }
    if (moved) {
      p.failures = 0;
      p.of.hops = 0;
      // What was asked for before a server was busy does not say that it is well again.
      rounds = e.begun - calm >= 0 ? 0 : rounds;
    }
    if (e.fault == null && e.body != null) {
      done(p);
    } else if (e.fault == null) {
      answered(e);
    } else {
      broken(e);
    }
  }

  private void done(Piece p) {
    try {
      p.done();
    } catch (IOException e) {
      throw AtomicFile.cannotWrite(p.of.blob, e);
    }
    if (p.of.left == 0) {
      finish(p.of);
    }
  }

  private void finish(Download d) {
    try {
      if (d.part.isRight(client.listener()::cancelled)) {
        d.part.publish(d.blob);
        progress.finished(d.file.path());
        return;
      }
      requireWanted();
      bytes.add(-d.file.size());
      if (!d.again()) {
        throw faults.fault(
            d.file,
            "what was downloaded has another checksum than the hub says, twice",
            "try again later, or from another network");
      }
    } catch (IOException e) {
      throw AtomicFile.cannotWrite(d.blob, e);
    }
    waiting.addAll(d.pieces());
  }

  /** An answer without bytes that can be used. */
  private void answered(Exchange e) {
    Piece p = e.piece;
    Download d = p.of;
    int status = e.answer.statusCode();
    HttpHeaders headers = e.answer.headers();
    boolean atHub = client.isEndpoint(e.answer.uri());
    if (HubClient.isRedirection(status)) {
      if (++d.hops > HubClient.HOPS * connections) {
        throw faults.nonsense("leads from one address to the next without an end");
      }
      d.location = client.target(e.answer.uri(), e.answer, faults);
      waiting.addFirst(p);
    } else if (status == WHOLE && !p.isAll()) {
      withoutRanges(d);
    } else if (status == WHOLE || status == PARTIAL || status == UNSATISFIABLE) {
      throw otherSize(
          d,
          headers
              .firstValue("Content-Range")
              .or(() -> headers.firstValue("Content-Length"))
              .orElse("status " + status));
    } else if (Patience.mayPass(status)) {
      busy(p, status, headers);
    } else if (atHub) {
      throw faults.of(status, headers);
    } else {
      // Addresses that the hub leads to hold for a while only: it is asked for another.
      d.location = d.start;
      InputException fault =
          faults.fault(
              d.file,
              e.answer.uri().getHost() + " answers with status " + status,
              "try again later");
      later(p, client.patience().pause(++p.failures), fault);
    }
  }

  /** Leaves a busy server alone, with all pieces: what it says to one of them holds for all. */
  private void busy(Piece p, int status, HttpHeaders headers) {
    boolean again = System.nanoTime() - calm >= 0;
    rounds += again ? 1 : 0;
    int failures = Math.max(rounds, ++p.failures);
    later(p, client.patience().pause(failures, headers), faults.of(status, headers));
    if (again) {
      calm = p.when;
    }
  }

  private InputException otherSize(Download d, String said) {
    return faults.fault(
        d.file,
        "has " + d.file.size() + " bytes by the hub's list, and others come (" + said + ")",
        "try again later");
  }

  /** Begins a file again, in one piece: its server does not send ranges. */
  private void withoutRanges(Download d) {
    d.ranged = false;
    long there = d.part.bytes();
    for (Piece p : List.copyOf(waiting)) {
      if (p.of == d) {
        waiting.remove(p);
        there += p.there;
      }
    }
    for (Exchange e : List.copyOf(running)) {
      if (e.piece.of == d) {
        drop(e);
      }
    }
    try {
      d.part.restart();
    } catch (IOException e) {
      throw AtomicFile.cannotWrite(d.blob, e);
    }
    bytes.add(-there);
    waiting.addAll(d.pieces());
  }

  private void drop(Exchange e) {
    e.dropped = true;
    running.remove(e);
    e.stop();
    bytes.add(-e.piece.there - (e.body == null ? 0 : e.body.received()));
  }

  private void broken(Exchange e) {
    Piece p = e.piece;
    Throwable fault = e.fault;
    while (fault.getCause() != null && !(fault instanceof IOException)) {
      fault = fault.getCause();
    }
    for (Throwable t = e.fault; t != null; t = t.getCause()) {
      if (t instanceof RangeBody.Unwritable full) {
        throw AtomicFile.cannotWrite(p.of.blob, full.reason());
      }
      if (t instanceof RangeBody.TooLong) {
        throw otherSize(p.of, "more than asked for");
      }
    }
    p.failures++;
    String reason = e.stalled ? "nothing came for a while" : HubFaults.reason(fault);
    Optional<Duration> pause =
        HubClient.isHopeless(fault, p.failures)
            ? Optional.empty()
            : client.patience().pause(p.failures);
    boolean never = p.there == 0 && bytes.sum() == 0 && fault instanceof java.net.ConnectException;
    later(
        p,
        pause,
        never
            ? faults.unreachable(p.of.location, fault)
            : faults.fault(
                p.of.file,
                "the connection broke again and again (" + reason + ")",
                "the same command goes on where it was"));
  }

  private void later(Piece p, Optional<Duration> pause, InputException otherwise) {
    if (pause.isEmpty()) {
      throw otherwise;
    }
    p.when = System.nanoTime() + pause.get().toNanos();
    waiting.add(p);
  }

  private void stopStalled() {
    long now = System.nanoTime();
    for (Exchange e : running) {
      if (!e.stalled && now - e.changed() > client.patience().stall().toNanos()) {
        e.stalled = true;
        e.stop();
      }
    }
  }

  @Override
  public void close() {
    running.forEach(Exchange::stop);
  }
}

package dev.ashlar.formats.hub;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A file that is being fetched: its part file, and where its bytes are. */
final class Download implements AutoCloseable {
  private static final int MOST_WRONG = 2;

  final HubFile file;
  final Path blob;
  final PartFile part;

  /** The address at the hub. */
  final URI start;

  /** Where the hub sent us. */
  URI location;

  /** Redirections since bytes came. */
  int hops;

  /** Whether the server sends ranges. */
  boolean ranged = true;

  /** Pieces that are not there yet. */
  int left;

  private int wrong;

  Download(HubFile file, Path blob, PartFile part, URI start) {
    this.file = file;
    this.blob = blob;
    this.part = part;
    this.start = start;
    this.location = start;
  }

  /** What is to be fetched of it: ranges, or all of it at once from a server without ranges. */
  List<Piece> pieces() {
    List<Piece> pieces = new ArrayList<>();
    if (!ranged) {
      pieces.add(new Piece(this, 0, file.size(), 0, part.ranges()));
    } else {
      for (int i = 0; i < part.ranges(); i++) {
        if (!part.isThere(i)) {
          pieces.add(new Piece(this, part.from(i), part.end(i), i, i + 1));
        }
      }
    }
    left = pieces.size();
    return pieces;
  }

  /** Forgets what has the wrong checksum; false if that has happened too often. */
  boolean again() throws IOException {
    wrong++;
    part.restart();
    return wrong < MOST_WRONG;
  }

  @Override
  public void close() {
    part.close();
  }

  /** Bytes {@code [from, end)} of a file. */
  static final class Piece {
    final Download of;
    final long from;
    final long end;
    private final int first;
    private final int last;

    /** Bytes of it that are there. */
    long there;

    int failures;

    /** When it may be asked for again, by {@link System#nanoTime}. */
    long when = System.nanoTime();

    private Piece(Download of, long from, long end, int first, int last) {
      this.of = of;
      this.from = from;
      this.end = end;
      this.first = first;
      this.last = last;
    }

    /** Whether it is the file as a whole, which servers without ranges can send. */
    boolean isAll() {
      return from == 0 && end == of.file.size();
    }

    /** The header that asks for what is missing; empty for a whole file. */
    String header() {
      return isAll() && there == 0 ? "" : "bytes=" + (from + there) + "-" + (end - 1);
    }

    /** Notes that all of it is there. */
    void done() throws IOException {
      for (int i = first; i < last; i++) {
        of.part.put(i);
      }
      of.left--;
    }
  }
}

package dev.ashlar.cli.console;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** A stream of the process, in UTF-8, that remembers why it could not be written. */
final class ResultStream extends PrintStream {
  private final Remembering remembering;

  private ResultStream(Remembering remembering) {
    super(remembering, false, StandardCharsets.UTF_8);
    this.remembering = remembering;
  }

  static ResultStream of(FileDescriptor descriptor) {
    return to(new FileOutputStream(descriptor));
  }

  static ResultStream to(OutputStream stream) {
    return new ResultStream(new Remembering(stream));
  }

  /** What the first write that failed said. */
  Optional<String> reason() {
    return Optional.ofNullable(remembering.reason);
  }

  /** A print stream keeps only that something failed. */
  private static final class Remembering extends OutputStream {
    private final OutputStream to;
    private volatile String reason;

    Remembering(OutputStream to) {
      this.to = to;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      try {
        to.write(bytes, offset, length);
      } catch (IOException e) {
        reason = reason == null ? String.valueOf(e.getMessage()) : reason;
        throw e;
      }
    }

    @Override
    public void flush() throws IOException {
      to.flush();
    }
  }
}

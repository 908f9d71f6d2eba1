package dev.ashlar.engine.device;

import dev.ashlar.io.InputException;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.device.DeviceDecoder;
import dev.ashlar.nn.device.DeviceProvider;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.OptionalLong;

/**
 * A model that runs on a device, put there when the first text needs it. Its texts share the
 * device's room for keys and values, of which each has reserved what it may come to need; where one
 * needs more than there is and no other holds any, the model is put there anew with more room.
 *
 * <p>Thread-safe: passes of several texts take turns.
 */
public final class DeviceModel implements AutoCloseable {
  /**
   * Tokens of a text whose length nobody knows beforehand, as a conversation's: more would take
   * gigabytes of most models for what is seldom asked.
   */
  public static final int OPEN_ENDED = 8192;

  /** Room is a multiple of this, so that a text that is a little longer needs no new one. */
  private static final int STEP = 1024;

  /** Reservations are multiples of this, which no device's pages exceed. */
  private static final int PAGE = 64;

  private final DeviceName device;
  private final DecoderSpec spec;
  private final WeightSource source;
  private final OptionalLong memory;
  private DeviceDecoder decoder;
  private long room;
  private long used;
  private boolean closed;

  /**
   * A model that is on no device yet.
   *
   * @param source stays open as long as this is used
   * @param memory bytes of the device that it may take, if there is a limit
   * @throws InputException if the device is not there or runs no such model
   */
  public DeviceModel(
      DeviceName device, DecoderSpec spec, WeightSource source, OptionalLong memory) {
    device.requireThere();
    device
        .provider()
        .refusal(spec)
        .ifPresent(
            said -> {
              throw new InputException(device.provider().name() + ": " + said);
            });
    this.device = device;
    this.spec = spec;
    this.source = source;
    this.memory = memory;
  }

  /** The device. */
  public DeviceName device() {
    return device;
  }

  /**
   * A runner with room for a text, or for several with as many tokens in all.
   *
   * @param tokens at most
   * @throws dev.ashlar.nn.device.DeviceException if the device fails or has no such room
   * @throws InputException if texts that have not ended hold it
   */
  public synchronized Lease lease(long tokens) {
    if (closed) {
      throw new IllegalStateException("the model is closed");
    }
    long wanted = rounded(tokens);
    if (decoder != null && used + wanted > room) {
      if (used > 0) {
        throw new InputException(
            "the device has room for "
                + room
                + " tokens of this model, and "
                + used
                + " are held by texts and conversations that have not ended: end or close them"
                + " first");
      }
      free();
    }
    if (decoder == null) {
      long size = Math.min(Integer.MAX_VALUE, Math.ceilDiv(wanted, (long) STEP) * STEP);
      decoder =
          device
              .provider()
              .open(spec, source, new DeviceProvider.Options(device.index(), (int) size, memory));
      room = size;
    }
    used += wanted;
    SharedRunner runner = new SharedRunner(decoder, this);
    return new Lease(runner, () -> end(runner, wanted));
  }

  /** Whether a text may have so many tokens now, beside those that have not ended. */
  public synchronized boolean hasRoom(long tokens) {
    return decoder == null || used == 0 || used + rounded(tokens) <= room;
  }

  private static long rounded(long tokens) {
    return Math.ceilDiv(Math.max(1, tokens), (long) PAGE) * PAGE;
  }

  private synchronized void end(SharedRunner runner, long tokens) {
    if (runner.end()) {
      used -= tokens;
    }
  }

  private void free() {
    if (decoder != null) {
      decoder.close();
      decoder = null;
    }
  }

  /** Takes the model off the device; its runners cannot be used any more. */
  @Override
  public synchronized void close() {
    closed = true;
    free();
  }

  /** Whether runners of this cannot be used any more. */
  boolean isClosed() {
    return closed;
  }
}

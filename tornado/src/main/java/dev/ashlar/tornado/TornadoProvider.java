package dev.ashlar.tornado;

import dev.ashlar.tensor.kernel.Availability;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.BackendProvider;

/**
 * Looks whether TornadoVM runs under this JVM. It names no type of TornadoVM, so that it loads
 * everywhere.
 *
 * <p>A device does not take the place of single kernels: it takes whole decoders ({@link
 * dev.ashlar.tornado.runner.DeviceRunner}), which no command does in this version. So the provider
 * always declines, and its reason says so.
 */
public final class TornadoProvider implements BackendProvider {
  /** TornadoVM's argument file sets this property to its implementation class. */
  private static final String IMPLEMENTATION = "tornado.load.api.implementation";

  /** Made by {@code ServiceLoader}. */
  public TornadoProvider() {}

  @Override
  public String name() {
    return "tornado";
  }

  @Override
  public int priority() {
    return 200;
  }

  @Override
  public Availability availability() {
    return new Availability.Absent(
        System.getProperty(IMPLEMENTATION) == null
            ? "this JVM was not started with TornadoVM's argument file"
            : "TornadoVM is there, but only programs can use it in this version (DeviceRunner)");
  }

  @Override
  public Backend backend() {
    throw new IllegalStateException(availability().reason());
  }
}

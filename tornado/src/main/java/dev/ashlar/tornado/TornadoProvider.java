package dev.ashlar.tornado;

import dev.ashlar.tensor.kernel.Availability;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.BackendProvider;

/**
 * Stands on the list of backends and says why its kernels are not used: a device does not take the
 * place of single kernels, it takes whole decoders ({@link TornadoDevices}). So it always declines,
 * without starting TornadoVM.
 */
public final class TornadoProvider implements BackendProvider {
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
        TornadoDevices.hindrance()
            .orElse(
                "a device takes whole models, by --backend tornado of generate, chat and eval"));
  }

  @Override
  public Backend backend() {
    throw new IllegalStateException(availability().reason());
  }
}

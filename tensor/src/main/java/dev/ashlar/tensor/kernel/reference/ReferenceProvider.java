package dev.ashlar.tensor.kernel.reference;

import dev.ashlar.tensor.kernel.Availability;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.BackendProvider;

/** Offers the definition, which runs everywhere and is slower than anything else. */
public final class ReferenceProvider implements BackendProvider {
  /** Made by {@code ServiceLoader}. */
  public ReferenceProvider() {}

  @Override
  public String name() {
    return ReferenceBackend.INSTANCE.name();
  }

  @Override
  public int priority() {
    return 0;
  }

  @Override
  public Availability availability() {
    return new Availability.Ready(ReferenceBackend.INSTANCE.description());
  }

  @Override
  public Backend backend() {
    return ReferenceBackend.INSTANCE;
  }
}

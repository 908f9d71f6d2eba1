package uk.ac.manchester.tornado.api;

import uk.ac.manchester.tornado.api.common.TornadoDevice;

/** What a machine has. */
public interface TornadoRuntime {
  TornadoBackend getBackend(int index);

  int getNumBackends();

  TornadoDevice getDefaultDevice();
}

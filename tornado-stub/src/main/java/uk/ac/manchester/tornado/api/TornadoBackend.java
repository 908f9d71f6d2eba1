package uk.ac.manchester.tornado.api;

import uk.ac.manchester.tornado.api.common.TornadoDevice;

/** What compiles for a kind of devices. */
public interface TornadoBackend {
  int getNumDevices();

  TornadoDevice getDevice(int index);

  String getName();
}

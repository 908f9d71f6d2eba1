package uk.ac.manchester.tornado.api;

import uk.ac.manchester.tornado.api.common.TornadoDevice;

/** The devices of one kind of driver, the default one first. */
public interface TornadoBackend {
  void setDefaultDevice(int index);

  int getNumDevices();

  TornadoDevice getDevice(int index);

  String getName();
}

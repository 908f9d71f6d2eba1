package uk.ac.manchester.tornado.api.common;

/** A device. */
public interface TornadoDevice {
  String getDeviceName();

  String getPlatformName();
}

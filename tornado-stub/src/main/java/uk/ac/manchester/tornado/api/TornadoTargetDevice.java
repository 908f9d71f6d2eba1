package uk.ac.manchester.tornado.api;

/** A device as its driver knows it. */
public interface TornadoTargetDevice {
  String getDeviceInfo();
}

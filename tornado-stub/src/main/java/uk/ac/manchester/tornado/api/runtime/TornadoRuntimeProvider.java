package uk.ac.manchester.tornado.api.runtime;

import uk.ac.manchester.tornado.api.TornadoBackend;
import uk.ac.manchester.tornado.api.TornadoRuntime;
import uk.ac.manchester.tornado.api.TornadoTargetDevice;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;

/** What drives devices; here the host alone, with what it has of memory for Java. */
public class TornadoRuntimeProvider {
  private record Host() implements TornadoRuntime, TornadoBackend, TornadoDevice {
    @Override
    public TornadoBackend getBackend(int index) {
      return this;
    }

    @Override
    public int getNumBackends() {
      return 1;
    }

    @Override
    public void setDefaultBackend(int index) {}

    @Override
    public String getName() {
      return "Java";
    }

    @Override
    public int getNumDevices() {
      return 1;
    }

    @Override
    public TornadoDevice getDevice(int index) {
      return this;
    }

    @Override
    public void setDefaultDevice(int index) {}

    @Override
    public String getDescription() {
      return "the host, as plain Java";
    }

    @Override
    public TornadoDeviceType getDeviceType() {
      return TornadoDeviceType.CPU;
    }

    @Override
    public long getMaxGlobalMemory() {
      return Runtime.getRuntime().maxMemory();
    }

    @Override
    public TornadoTargetDevice getPhysicalDevice() {
      return () -> "The host\nDriver version   : " + Runtime.version() + "\nEndianness : little\n";
    }
  }

  public TornadoRuntimeProvider() {}

  public static TornadoRuntime getTornadoRuntime() {
    return new Host();
  }
}

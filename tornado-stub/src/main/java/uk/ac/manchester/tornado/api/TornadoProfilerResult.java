package uk.ac.manchester.tornado.api;

/** What an execution took; here nothing travels, which takes no time. */
public class TornadoProfilerResult {
  TornadoProfilerResult() {}

  public long getDeviceWriteTime() {
    return 0;
  }
}

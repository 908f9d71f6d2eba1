package uk.ac.manchester.tornado.api.runtime;

import uk.ac.manchester.tornado.api.TornadoRuntime;

/** The way to the runtime; there is none here. */
public class TornadoRuntimeProvider {
  private TornadoRuntimeProvider() {}

  public static TornadoRuntime getTornadoRuntime() {
    throw new IllegalStateException("this is no TornadoVM, but a stand-in for its interface");
  }
}

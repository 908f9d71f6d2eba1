package uk.ac.manchester.tornado.api;

/** The backends that there are, the default one first. */
public interface TornadoRuntime {
  TornadoBackend getBackend(int index);

  void setDefaultBackend(int index);

  int getNumBackends();
}

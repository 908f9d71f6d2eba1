package uk.ac.manchester.tornado.api.enums;

/** What becomes of an execution's times. */
public enum ProfilerMode {
  CONSOLE,
  SILENT
}

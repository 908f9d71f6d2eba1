package dev.ashlar.formats.export;

import dev.ashlar.tensor.WeightSink;

/** The writing end of an export. */
public interface ExportSink extends WeightSink {
  /** What was written; complete after {@link #finish()}. */
  ExportSummary summary();
}

package dev.ashlar.cli.bench;

/** What limits a piece of work, and so the ceiling it is held against. */
enum Bound {
  /** Multiplications and additions on registers, in GFLOP/s. */
  ARITHMETIC("GFLOP/s", "multiply-adds on registers"),
  /** Reading memory that no cache holds, in GB/s. */
  MEMORY("GB/s", "reading memory"),
  /** Scaling an array that the second-level cache holds, in GB/s read and written. */
  CACHE("GB/s", "scaling in cache"),
  /** The same as {@link #ARITHMETIC} on a device. */
  DEVICE_ARITHMETIC("GFLOP/s", "multiply-adds of the device"),
  /** Reading and writing a device's memory, in GB/s of both. */
  DEVICE_MEMORY("GB/s", "copying device memory");

  private final String unit;
  private final String title;

  Bound(String unit, String title) {
    this.unit = unit;
    this.title = title;
  }

  /** Of the rate. */
  String unit() {
    return unit;
  }

  /** What the ceiling's measurement does. */
  String title() {
    return title;
  }

  /** Whether it limits a device. */
  boolean ofDevice() {
    return this == DEVICE_ARITHMETIC || this == DEVICE_MEMORY;
  }

  /** What limits the same work on a device, which has caches of its own sizes. */
  Bound onDevice() {
    return switch (this) {
      case ARITHMETIC, DEVICE_ARITHMETIC -> DEVICE_ARITHMETIC;
      case MEMORY, CACHE, DEVICE_MEMORY -> DEVICE_MEMORY;
    };
  }
}

package dev.ashlar.nn.decoder;

/** How the output map's matrix is kept for inference where it is stored as floats. */
public enum HeadPrecision {
  /** As it is stored. */
  STORED,

  /**
   * In bytes, with a half-precision scale for each {@value #GROUP} inputs of a row: it is read with
   * every token, and is often the largest matrix that is. One that is stored as codes stays so.
   */
  INT8;

  /** Inputs that share a scale. */
  static final int GROUP = 64;
}

package dev.ashlar.tensor.kv;

/** How keys and values are kept. */
public enum KvPrecision {
  /** As they are computed. */
  F32,
  /** Half precision: a relative error of at most 2^-11. */
  F16,
  /** A byte each and a scale per head and token: an error of at most 1/254 of its largest. */
  INT8
}

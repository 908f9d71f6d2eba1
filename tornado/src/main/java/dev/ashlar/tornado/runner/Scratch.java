package dev.ashlar.tornado.runner;

/** What the tasks of a block compute in, a few elements for each row. */
enum Scratch {
  /** The stream behind a norm. */
  NORMED,
  /** What a half puts out. */
  PART,
  QUERIES,
  KEYS,
  VALUES,
  /** What attention puts out. */
  ATTENDED,
  /** The narrow state that queries, or keys and values, come from. */
  LATENT,
  /** The part of keys that does not turn. */
  PLAIN,
  /** The part of keys that turns, which is the same for all heads. */
  TURNING,
  GATE,
  INNER,
  /** What routers give. */
  LOGITS,
  /** What routers rank by. */
  RANKS,
  /** Weights of a row's experts. */
  WEIGHTS,
  /** Outputs of a row's experts. */
  OUTPUTS,
  /** The output of an expert for all rows. */
  SHARED,
  /** What weighs that output. */
  SHARED_GATE
}

package dev.ashlar.tuning.feedback;

/**
 * How hard a layer is solved.
 *
 * @param damping λ: what is added to the diagonal of H, as a share of its mean
 * @param feedback α: how much of the error of earlier layers a layer pays back; 0 for none
 * @param sweeps passes of coordinate descent at most, each time
 * @param refits how often scales are fitted to the codes, and codes descend again
 */
record SolverOptions(double damping, double feedback, int sweeps, int refits) {
  SolverOptions {
    if (!(damping > 0) || !(feedback >= 0) || sweeps < 0 || refits < 0) {
      throw new IllegalArgumentException(
          "damping must be positive; feedback, sweeps and refits at least 0: "
              + damping
              + ", "
              + feedback
              + ", "
              + sweeps
              + ", "
              + refits);
    }
  }

  String describe() {
    return "damping="
        + damping
        + ", feedback="
        + feedback
        + ", sweeps="
        + sweeps
        + ", refits="
        + refits;
  }
}

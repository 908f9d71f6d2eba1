package dev.ashlar.tuning.feedback;

/**
 * How hard a layer is solved.
 *
 * @param damping what is added to the diagonal of H
 * @param feedback α: how much of the error of earlier layers a layer pays back; 0 for none
 * @param sweeps passes of coordinate descent at most, each time
 * @param refits how often scales are fitted to the codes, and codes descend again
 */
record SolverOptions(Damping damping, double feedback, int sweeps, int refits) {
  SolverOptions {
    if (!(feedback >= 0) || sweeps < 0 || refits < 0) {
      throw new IllegalArgumentException(
          "feedback, sweeps and refits must be at least 0: "
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

/** Calibration, the block loop and the methods that choose codes. */
module dev.ashlar.tuning {
  requires transitive dev.ashlar.nn;

  exports dev.ashlar.tuning.train;
}

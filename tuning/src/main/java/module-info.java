/** Calibration, the block loop and the methods that choose codes. */
module dev.ashlar.tuning {
  requires jdk.jfr;
  requires transitive dev.ashlar.nn;

  exports dev.ashlar.tuning;
  exports dev.ashlar.tuning.autoscheme;
  exports dev.ashlar.tuning.awq;
  exports dev.ashlar.tuning.calibration;
  exports dev.ashlar.tuning.layerwise;
  exports dev.ashlar.tuning.layerwise.solver;
  exports dev.ashlar.tuning.lora;
  exports dev.ashlar.tuning.method;
  exports dev.ashlar.tuning.plan;
  exports dev.ashlar.tuning.quality;
  exports dev.ashlar.tuning.signround;
  exports dev.ashlar.tuning.train;
  exports dev.ashlar.tuning.walk;
  exports dev.ashlar.tuning.work;

  uses dev.ashlar.tuning.method.Method;
}

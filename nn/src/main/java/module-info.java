/** Layers, decoder families and generation, over token ids. */
module dev.ashlar.nn {
  requires transitive dev.ashlar.tensor;

  exports dev.ashlar.nn.architecture;
  exports dev.ashlar.nn.decoder;
  exports dev.ashlar.nn.device;
  exports dev.ashlar.nn.devicetuning;
  exports dev.ashlar.nn.generate;
  exports dev.ashlar.nn.layer;
  exports dev.ashlar.nn.op;
  exports dev.ashlar.nn.runner;

  uses dev.ashlar.nn.architecture.Architecture;
  uses dev.ashlar.nn.device.DeviceProvider;
}

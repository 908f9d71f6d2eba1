/** The GPU backend: offers itself where a user has TornadoVM, and says why where not. */
module dev.ashlar.tornado {
  requires transitive dev.ashlar.nn;
  requires static tornado.api;

  // TornadoVM reads the bytes of kernels through reflection.
  opens dev.ashlar.tornado.kernel;

  exports dev.ashlar.tornado.runner;
  exports dev.ashlar.tornado.tuner;

  provides dev.ashlar.tensor.kernel.BackendProvider with
      dev.ashlar.tornado.TornadoProvider;
  provides dev.ashlar.nn.device.DeviceProvider with
      dev.ashlar.tornado.TornadoDevices;
}

package dev.ashlar.engine;

import dev.ashlar.engine.device.DeviceModel;
import dev.ashlar.engine.device.Lease;
import dev.ashlar.engine.job.Faults;
import dev.ashlar.engine.model.Model;
import dev.ashlar.io.InputException;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.decoder.InferenceOptions;
import dev.ashlar.nn.device.Devices;
import java.util.Optional;
import java.util.function.Supplier;

/** What runs a model, made when first asked for: its decoder on the processor, or a device. */
final class RunningModel implements AutoCloseable {
  private final Model model;
  private final ModelOptions options;
  private final Optional<DeviceModel> device;
  private Decoder decoder;

  private RunningModel(
      Model model, ModelOptions options, Optional<DeviceModel> device, Decoder decoder) {
    this.model = model;
    this.options = options;
    this.device = device;
    this.decoder = decoder;
  }

  /**
   * As options say.
   *
   * @param devices that there may be
   * @throws InputException if they name a device that is not there, or does not run the model
   */
  static RunningModel of(Model model, ModelOptions options, Supplier<Devices> devices) {
    Optional<DeviceModel> device =
        Faults.translated(
            () ->
                options
                    .device(devices)
                    .map(
                        d ->
                            new DeviceModel(
                                d, model.spec(), model.checkpoint(), options.deviceMemory())));
    return new RunningModel(model, options, device, null);
  }

  /** With a decoder that is there already. */
  static RunningModel of(Model model, ModelOptions options, Decoder decoder) {
    return new RunningModel(model, options, Optional.empty(), decoder);
  }

  boolean isOnDevice() {
    return device.isPresent();
  }

  /**
   * Refuses what is done on the processor alone.
   *
   * @param what begins the sentence
   */
  void requireProcessor(String what) {
    device.ifPresent(
        d -> {
          throw new InputException(
              what
                  + " on the processor only, and the model is on "
                  + d.device()
                  + ": choose the backend vector or reference");
        });
  }

  /** The decoder of a model on the processor. */
  synchronized Decoder decoder(int promptTokens) {
    requireProcessor("decoders are");
    if (decoder == null) {
      InferenceOptions how =
          InferenceOptions.defaults()
              .with(options.activations())
              .with(options.kvCache())
              .with(options.head())
              .forPrompt(promptTokens);
      decoder = options.run(() -> model.runner(how, options.kernels()));
    }
    return decoder;
  }

  /**
   * A runner for one text at a time.
   *
   * @param promptTokens of the first one
   * @param tokens that it may come to have, prompt included; only devices need to know
   */
  Lease lease(int promptTokens, long tokens) {
    return device.isPresent()
        ? Faults.translated(() -> device.get().lease(tokens))
        : new Lease(decoder(promptTokens).runner(options.kvCache()), () -> {});
  }

  /** Tokens of a text whose length nobody knows, of {@code context} that the model takes. */
  int openEnded(int context) {
    return isOnDevice() ? Math.min(context, DeviceModel.OPEN_ENDED) : context;
  }

  @Override
  public void close() {
    device.ifPresent(DeviceModel::close);
  }
}

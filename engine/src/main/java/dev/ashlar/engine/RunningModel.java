package dev.ashlar.engine;

import dev.ashlar.engine.device.AutomaticDevice;
import dev.ashlar.engine.device.DeviceModel;
import dev.ashlar.engine.device.Lease;
import dev.ashlar.engine.device.Workload;
import dev.ashlar.engine.job.Faults;
import dev.ashlar.engine.job.JobListener;
import dev.ashlar.engine.model.Model;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.io.InputException;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.decoder.InferenceOptions;
import java.util.Optional;

/**
 * What runs a model, made when first asked for: its decoder on the processor, or a device. A device
 * that nobody named is taken by the first text that it has done sooner, and is the model's from
 * then on, for texts that have room there and are done no later; others go to the processor.
 */
final class RunningModel implements AutoCloseable {
  private final Model model;
  private final ModelOptions options;

  /** The device that was named. */
  private final Optional<DeviceModel> named;

  /** The one that may be taken. */
  private final Optional<AutomaticDevice> automatic;

  private final JobListener listener;

  /** The model on the one that was taken. */
  private DeviceModel taken;

  private Decoder decoder;

  private RunningModel(
      Model model,
      ModelOptions options,
      Optional<DeviceModel> named,
      Optional<AutomaticDevice> automatic,
      JobListener listener,
      Decoder decoder) {
    this.model = model;
    this.options = options;
    this.named = named;
    this.automatic = automatic;
    this.listener = listener;
    this.decoder = decoder;
  }

  /**
   * As options say.
   *
   * @throws InputException if they name a device that is not there, or does not run the model
   */
  static RunningModel of(Model model, ModelOptions options, DeviceAccess access) {
    Optional<DeviceModel> named =
        Faults.translated(
            () ->
                options
                    .device(access.devices())
                    .map(
                        d ->
                            new DeviceModel(
                                d, model.spec(), model.checkpoint(), options.deviceMemory())));
    Optional<AutomaticDevice> automatic =
        options.leavesDevice()
            ? AutomaticDevice.of(
                model.spec(),
                () -> bytes(model.checkpoint()),
                access.devices(),
                access.measured().get(),
                access.listener())
            : Optional.empty();
    return new RunningModel(model, options, named, automatic, access.listener(), null);
  }

  /** Bytes of all weights as they are stored. */
  private static long bytes(Checkpoint checkpoint) {
    return checkpoint.quantizedNames().stream().mapToLong(checkpoint::quantizedBytes).sum()
        + checkpoint.names().stream().mapToLong(n -> checkpoint.tensor(n).byteSize()).sum();
  }

  /** With a decoder that is there already. */
  static RunningModel of(Model model, ModelOptions options, Decoder decoder) {
    return new RunningModel(
        model, options, Optional.empty(), Optional.empty(), JobListener.SILENT, decoder);
  }

  /**
   * Whether a device does this: the one that was named, or one that is the sooner done.
   *
   * @param tokens that the device needs room for
   */
  boolean isOnDevice(Workload work, long tokens) {
    return device(work, tokens).isPresent();
  }

  private synchronized Optional<DeviceModel> device(Workload work, long tokens) {
    if (named.isPresent() || automatic.isEmpty()) {
      return named;
    }
    AutomaticDevice candidate = automatic.get();
    if (!candidate.pays(work, taken != null, tokens) || taken != null && !taken.hasRoom(tokens)) {
      return Optional.empty();
    }
    if (taken == null) {
      taken =
          new DeviceModel(
              candidate.device(), model.spec(), model.checkpoint(), options.deviceMemory());
      listener.note(
          "on "
              + candidate.device()
              + ", "
              + candidate.device().description().name()
              + ", which was measured to be faster; kernels are compiled first, which takes some"
              + " seconds (the backend vector does without)");
    }
    return Optional.of(taken);
  }

  /** What computes, as far as something does: the device's name, or the backend's. */
  synchronized String name() {
    return named
        .or(() -> Optional.ofNullable(taken))
        .map(d -> d.device().toString())
        .orElseGet(() -> options.kernels().name());
  }

  /**
   * Refuses what is done on the processor alone, where a device was named.
   *
   * @param what begins the sentence
   */
  void requireProcessor(String what) {
    named.ifPresent(
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
   * @param work what is to be done with it
   */
  Lease lease(int promptTokens, long tokens, Workload work) {
    Optional<DeviceModel> device = device(work, tokens);
    return device.isPresent()
        ? Faults.translated(() -> device.get().lease(tokens))
        : new Lease(decoder(promptTokens).runner(options.kvCache()), () -> {});
  }

  /** The same for a text that has a prompt and then what is written. */
  Lease lease(int promptTokens, long tokens) {
    return lease(promptTokens, tokens, new Workload(promptTokens, tokens - promptTokens));
  }

  /** Tokens of a text whose length nobody knows, of {@code context} that the model takes. */
  int openEnded(int context, Workload work) {
    int there = Math.min(context, DeviceModel.OPEN_ENDED);
    return isOnDevice(work, there) ? there : context;
  }

  @Override
  public synchronized void close() {
    named.ifPresent(DeviceModel::close);
    if (taken != null) {
      taken.close();
    }
  }
}

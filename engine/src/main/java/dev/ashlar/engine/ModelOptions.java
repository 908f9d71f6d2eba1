package dev.ashlar.engine;

import dev.ashlar.engine.device.DeviceName;
import dev.ashlar.formats.adapter.AdapterFile;
import dev.ashlar.io.InputException;
import dev.ashlar.nn.decoder.HeadPrecision;
import dev.ashlar.nn.device.Devices;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.ActivationPrecision;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kv.KvPrecision;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Supplier;

/**
 * How a model is run. Results do not depend on the number of threads.
 *
 * @param threads to compute with; empty for the process's number: one for each processor, or the
 *     system property {@code ashlar.threads}
 * @param backend which kernels: {@code reference}, {@code vector}…, or a device: {@code tornado},
 *     {@code tornado:1}…; empty or {@link #AUTO} for the process's choice, which is a device only
 *     where one was measured to be faster for the work at hand
 * @param activations what packed weights are multiplied by
 * @param kvCache how keys and values of earlier tokens are kept
 * @param head how the output map is kept
 * @param adapters changes of low rank (LoRA) that are computed beside the weights; all count
 * @param deviceMemory bytes of a device that the model may take, empty for no limit: its last
 *     blocks, and its head, stay on the processor where they do not fit
 */
public record ModelOptions(
    OptionalInt threads,
    Optional<String> backend,
    ActivationPrecision activations,
    KvPrecision kvCache,
    HeadPrecision head,
    List<AdapterFile> adapters,
    OptionalLong deviceMemory) {
  /** The backend that stands for the process's choice. */
  public static final String AUTO = "auto";

  public ModelOptions {
    if (threads.isPresent() && threads.getAsInt() < 1) {
      throw new IllegalArgumentException("threads must be at least 1: " + threads.getAsInt());
    }
    adapters = List.copyOf(adapters);
  }

  /** The process's threads and backend, exact activations, exact keys and values. */
  public static ModelOptions defaults() {
    return new ModelOptions(
        OptionalInt.empty(),
        Optional.empty(),
        ActivationPrecision.FLOAT,
        KvPrecision.F32,
        HeadPrecision.STORED,
        List.of(),
        OptionalLong.empty());
  }

  /** The same with so many threads. */
  public ModelOptions withThreads(int count) {
    return new ModelOptions(
        OptionalInt.of(count), backend, activations, kvCache, head, adapters, deviceMemory);
  }

  /**
   * The same with the backend of that name. A device generates, holds conversations and measures;
   * other jobs refuse it. It takes no adapters, and computes with exact activations and heads and
   * keys and values in f32: opening a model otherwise is refused.
   */
  public ModelOptions withBackend(String name) {
    return new ModelOptions(
        threads, Optional.of(name), activations, kvCache, head, adapters, deviceMemory);
  }

  /** The same with other activations. */
  public ModelOptions withActivations(ActivationPrecision other) {
    return new ModelOptions(threads, backend, other, kvCache, head, adapters, deviceMemory);
  }

  /** The same with keys and values kept otherwise. */
  public ModelOptions withKvCache(KvPrecision other) {
    return new ModelOptions(threads, backend, activations, other, head, adapters, deviceMemory);
  }

  /** The same with the output map kept otherwise. */
  public ModelOptions withHead(HeadPrecision other) {
    return new ModelOptions(threads, backend, activations, kvCache, other, adapters, deviceMemory);
  }

  /** The same with one more adapter, as it was trained. */
  public ModelOptions withAdapter(Path adapter) {
    return withAdapter(adapter, 1);
  }

  /**
   * The same with one more adapter.
   *
   * @param adapter a folder that PEFT saved, or a GGUF file
   * @param scale how strongly it counts
   */
  public ModelOptions withAdapter(Path adapter, double scale) {
    List<AdapterFile> all = new ArrayList<>(adapters);
    all.add(new AdapterFile(adapter, scale));
    return withAdapters(all);
  }

  /** The same with these adapters in place of any. */
  public ModelOptions withAdapters(List<AdapterFile> others) {
    return new ModelOptions(threads, backend, activations, kvCache, head, others, deviceMemory);
  }

  /** The same with so many bytes of the device at most; only devices heed it. */
  public ModelOptions withDeviceMemory(long bytes) {
    return new ModelOptions(
        threads, backend, activations, kvCache, head, adapters, OptionalLong.of(bytes));
  }

  /** Whether weights and what they are multiplied by are taken as they are stored. */
  boolean isExact() {
    return activations == ActivationPrecision.FLOAT && head == HeadPrecision.STORED;
  }

  /**
   * The backend that is meant.
   *
   * @throws IllegalArgumentException if there is none of that name here
   * @throws InputException if a device is meant
   */
  Backend kernels() {
    backend
        .filter(name -> !name.equals(AUTO))
        .flatMap(name -> DeviceName.of(name, Devices.ofProcess()))
        .ifPresent(
            d -> {
              throw new InputException(
                  d
                      + " takes whole models, to generate, to talk or to be measured; this is done"
                      + " on the processor: choose the backend vector or reference");
            });
    return backend
        .filter(name -> !name.equals(AUTO))
        .map(Backends::named)
        .orElseGet(Backends::chosen);
  }

  /**
   * The device that is meant, if one is.
   *
   * @param devices that there may be
   * @throws InputException if something else is set that it would not heed
   */
  Optional<DeviceName> device(Supplier<Devices> devices) {
    Optional<DeviceName> device =
        backend.filter(n -> !n.equals(AUTO)).flatMap(n -> DeviceName.of(n, devices.get()));
    if (device.isEmpty() && deviceMemory.isPresent()) {
      throw new InputException(
          "memory of a device is limited, and the model is on the processor: choose the backend of"
              + " a device, or leave that out");
    }
    List<String> unheeded = unheeded();
    if (device.isPresent() && !unheeded.isEmpty()) {
      throw new InputException(
          device.get()
              + " does not compute with "
              + String.join(" and ", unheeded)
              + ": leave that out, or choose the backend vector or reference");
    }
    return device;
  }

  /** What is set that no device heeds. */
  private List<String> unheeded() {
    List<String> unheeded = new ArrayList<>();
    if (activations != ActivationPrecision.FLOAT) {
      unheeded.add("rounded activations");
    }
    if (kvCache != KvPrecision.F32) {
      unheeded.add("a cache of keys and values in " + kvCache.name().toLowerCase(Locale.ROOT));
    }
    if (head != HeadPrecision.STORED) {
      unheeded.add("a rounded head");
    }
    if (!adapters.isEmpty()) {
      unheeded.add("adapters");
    }
    return unheeded;
  }

  /** Whether a device may be taken that nobody named: none that would not heed what is set. */
  boolean leavesDevice() {
    return backend.filter(n -> !n.equals(AUTO)).isEmpty()
        && deviceMemory.isEmpty()
        && unheeded().isEmpty();
  }

  /**
   * Refuses what is about running a model, for jobs that it would not change.
   *
   * @throws IllegalArgumentException naming it
   */
  ModelOptions requireMachineOnly(String job) {
    if (!adapters.isEmpty()
        || !isExact()
        || kvCache != KvPrecision.F32
        || deviceMemory.isPresent()) {
      throw new IllegalArgumentException(
          job
              + " takes threads and a backend; adapters, activations, caches and heads are for"
              + " running a model");
    }
    return this;
  }

  /**
   * The same for jobs that compute on the process's backend alone.
   *
   * @throws IllegalArgumentException naming what is set besides threads
   */
  ModelOptions requireThreadsOnly(String job) {
    if (!kernels().equals(Backends.chosen())) {
      throw new IllegalArgumentException(
          job
              + " computes on the backend of the process, "
              + Backends.chosen().name()
              + ", and takes no other; -Dashlar.backend sets it");
    }
    return requireMachineOnly(job);
  }

  /** Runs {@code work} with these threads. */
  <T> T run(Parallel.Action<T> work) {
    return threads.isPresent() ? Parallel.limited(threads.getAsInt(), work) : work.run();
  }
}

package dev.ashlar.tornado;

import dev.ashlar.nn.decoder.AttentionSpec;
import dev.ashlar.nn.decoder.BlockSpec;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.device.DeviceDecoder;
import dev.ashlar.nn.device.DeviceException;
import dev.ashlar.nn.device.DeviceKernels;
import dev.ashlar.nn.device.DeviceProvider;
import dev.ashlar.nn.devicetuning.DeviceTuner;
import dev.ashlar.tensor.kernel.Availability;
import dev.ashlar.tensor.weights.WeightSource;
import dev.ashlar.tornado.runner.DeviceList;
import dev.ashlar.tornado.runner.DeviceRunner;
import dev.ashlar.tornado.runner.SingleKernels;
import java.lang.module.ModuleReference;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The devices of TornadoVM. This class names no type of TornadoVM, so that it loads everywhere;
 * {@link DeviceList} and {@link DeviceRunner} do, and are touched only where this JVM was started
 * with TornadoVM's argument file.
 */
public final class TornadoDevices implements DeviceProvider {
  /** TornadoVM's argument file sets this property to its implementation class. */
  static final String IMPLEMENTATION = "tornado.load.api.implementation";

  /** Whether kernels that cannot be compiled run as Java; read once, when TornadoVM starts. */
  static final String BAILOUT = "tornado.recover.bailout";

  /** Bytes for what TornadoVM writes down of a graph; its default is too little for some blocks. */
  private static final String ROOM = "tornado.tvm.maxbytecodesize";

  private static final int ROOM_BYTES = 1 << 18;

  /** Rows of a batch. */
  private static final int ROWS = 32;

  /** What became of TornadoVM: the devices, or why there are none. */
  private record Started(Availability availability, Optional<DeviceList> list) {
    static Started not(String reason) {
      return new Started(new Availability.Absent(reason), Optional.empty());
    }
  }

  private static final class Holder {
    static final Started STARTED = start();
  }

  /** Made by {@code ServiceLoader}. */
  public TornadoDevices() {}

  @Override
  public String name() {
    return "tornado";
  }

  @Override
  public boolean isExpected() {
    return System.getProperty(IMPLEMENTATION) != null;
  }

  /** Why TornadoVM cannot be started here, without starting it. */
  static Optional<String> hindrance() {
    if (System.getProperty(IMPLEMENTATION) == null) {
      return Optional.of(
          "this JVM was not started with TornadoVM: set TORNADOVM_HOME to the folder of its SDK for"
              + " JDK 25, with which ./ashlar then starts");
    }
    String recovers = System.getProperty(BAILOUT, "False");
    return recovers.equalsIgnoreCase("false")
        ? Optional.empty()
        : Optional.of(
            BAILOUT
                + "="
                + recovers
                + " lets kernels that cannot be compiled run as Java without a word; leave it"
                + " out");
  }

  private static Started start() {
    Optional<String> hindrance = hindrance();
    if (hindrance.isPresent()) {
      return Started.not(hindrance.get());
    }
    System.setProperty(BAILOUT, "False");
    System.setProperty(ROOM, System.getProperty(ROOM, Integer.toString(ROOM_BYTES)));
    try {
      DeviceList list = DeviceList.start();
      if (list.entries().isEmpty()) {
        return Started.not(
            "TornadoVM" + version() + " finds no device; look whether its driver is installed");
      }
      return new Started(new Availability.Ready("TornadoVM" + version()), Optional.of(list));
    } catch (Throwable t) {
      // Without a driver it ends in the initializer of a class; nothing of it may pass.
      return Started.not(
          "TornadoVM"
              + version()
              + " does not start ("
              + DeviceFaults.said(t)
              + "); look whether the device's driver is installed");
    }
  }

  /** The version in the name of TornadoVM's own file, which says it nowhere else. */
  private static String version() {
    return ModuleLayer.boot()
        .configuration()
        .findModule("tornado.api")
        .flatMap(m -> m.reference().descriptor().rawVersion().or(() -> named(m.reference())))
        .map(v -> " " + v)
        .orElse("");
  }

  private static Optional<String> named(ModuleReference module) {
    return module
        .location()
        .map(URI::getPath)
        .map(p -> p.replaceFirst(".*/tornado-api-(.*)\\.jar$", "$1"))
        .filter(v -> !v.contains("/"));
  }

  @Override
  public Availability availability() {
    return Holder.STARTED.availability();
  }

  @Override
  public List<Device> devices() {
    List<Device> devices = new ArrayList<>();
    for (DeviceList.Entry e : entries()) {
      devices.add(new Device(devices.size(), e.name(), e.memory(), e.version()));
    }
    return devices;
  }

  private static List<DeviceList.Entry> entries() {
    return Holder.STARTED.list().map(DeviceList::entries).orElse(List.of());
  }

  @Override
  public Optional<String> refusal(DecoderSpec spec) {
    return DeviceRunner.refusal(spec);
  }

  @Override
  public DeviceDecoder open(DecoderSpec spec, WeightSource source, Options options) {
    DeviceList list = listWith(options.device());
    requireRoom(spec, options, list.entries().get(options.device()).memory());
    try {
      DeviceList.Entry device = list.choose(options.device());
      DeviceRunner runner =
          DeviceRunner.open(
              spec,
              source,
              new DeviceRunner.Options(
                  options.tokens(), ROWS, device.groups(), options.memory().orElse(0)));
      if (options.memory().isPresent()) {
        source.note("device", runner.placement());
      }
      return new GuardedRunner(runner);
    } catch (IllegalArgumentException | IllegalStateException e) {
      throw new DeviceException(e.getMessage(), e);
    } catch (RuntimeException | Error e) {
      if (DeviceFaults.isOfDevice(e)) {
        throw DeviceFaults.of("as the model was put onto the device", e);
      }
      throw e;
    }
  }

  @Override
  public DeviceKernels kernels(int device) {
    return new SingleKernels(usesGroups(device), GuardedWork::new);
  }

  /** Chooses a device, and says whether kernels of groups suit it. */
  private boolean usesGroups(int device) {
    DeviceList list = listWith(device);
    try {
      return list.choose(device).groups();
    } catch (IllegalStateException e) {
      throw new DeviceException(e.getMessage(), e);
    }
  }

  @Override
  public Optional<DeviceTuner> tuner() {
    return Optional.of(new TornadoTuner(() -> usesGroups(0)));
  }

  /** The devices, of which there must be one of that index. */
  private DeviceList listWith(int index) {
    DeviceList list =
        Holder.STARTED
            .list()
            .orElseThrow(() -> new DeviceException("tornado: " + availability().reason()));
    if (index >= list.entries().size()) {
      throw new DeviceException(
          "there is no device tornado:"
              + index
              + "; the last one is tornado:"
              + (list.entries().size() - 1));
    }
    return list;
  }

  /** Keys and values alone must fit, in arrays of Java's length. */
  private static void requireRoom(DecoderSpec spec, Options options, OptionalLong memory) {
    long bytes = 0;
    boolean arrays = true;
    for (BlockSpec block : spec.blocks()) {
      AttentionSpec a = block.attention();
      long elements = (long) options.tokens() * a.kvHeads() * a.headDim();
      arrays &= elements <= Integer.MAX_VALUE;
      bytes += 2 * Float.BYTES * elements;
    }
    if (!arrays || memory.isPresent() && bytes > memory.getAsLong()) {
      throw new DeviceException(
          String.format(
              Locale.ROOT,
              "keys and values of %d tokens take %.1f GB, more than the device has room for; ask for"
                  + " fewer tokens",
              options.tokens(),
              bytes / 1e9));
    }
  }
}

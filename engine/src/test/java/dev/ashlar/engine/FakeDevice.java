package dev.ashlar.engine;

import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.InferenceOptions;
import dev.ashlar.nn.device.DeviceDecoder;
import dev.ashlar.nn.device.DeviceException;
import dev.ashlar.nn.device.DeviceProvider;
import dev.ashlar.nn.device.Devices;
import dev.ashlar.nn.runner.Runner;
import dev.ashlar.nn.runner.SequenceCache;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Availability;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kv.KvPrecision;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;

/** Two devices that are the processor, and remember what was asked of them. */
public final class FakeDevice implements DeviceProvider {
  /** Each time a decoder was put onto a device. */
  public final List<Options> opened = new ArrayList<>();

  int closed;
  int caches;
  int passes;

  /** Whether this process was started for it. */
  boolean expected = true;

  String driver = "1.0";
  public Optional<String> absent = Optional.empty();
  public Optional<String> refusal = Optional.empty();
  Optional<DeviceException> fault = Optional.empty();

  /** What becomes of hidden states, once they are there. */
  public UnaryOperator<Tensor> change = t -> t;

  /** Whether the second time that there are so many tokens gives what the first one did at once. */
  public boolean remembers;

  /** Both there, and as fast as the processor. */
  public FakeDevice() {}

  /** The only provider of a process. */
  Devices alone() {
    return new Devices(List.of(this));
  }

  @Override
  public String name() {
    return "fake";
  }

  @Override
  public boolean isExpected() {
    return expected;
  }

  @Override
  public Availability availability() {
    return absent
        .<Availability>map(Availability.Absent::new)
        .orElseGet(() -> new Availability.Ready("fake 1.0"));
  }

  @Override
  public List<Device> devices() {
    return absent.isPresent()
        ? List.of()
        : List.of(
            new Device(0, "the first", OptionalLong.empty(), driver),
            new Device(1, "the second", OptionalLong.of(1L << 30)));
  }

  @Override
  public Optional<String> refusal(DecoderSpec spec) {
    return refusal;
  }

  @Override
  public DeviceDecoder open(DecoderSpec spec, WeightSource source, Options options) {
    opened.add(options);
    Decoder decoder =
        Decoder.loadPacked(spec, source, Backends.chosen(), InferenceOptions.defaults());
    return new Passing(decoder.runner(KvPrecision.F32));
  }

  private final class Passing implements DeviceDecoder {
    private final Runner runner;
    private final Map<Integer, Tensor> remembered = new HashMap<>();

    Passing(Runner runner) {
      this.runner = runner;
    }

    @Override
    public int dim() {
      return runner.dim();
    }

    @Override
    public int vocab() {
      return runner.vocab();
    }

    @Override
    public SequenceCache newCache() {
      return new Counted(runner.newCache());
    }

    @Override
    public Tensor hidden(List<Part> batch, BooleanSupplier cancelled) {
      passes++;
      fault.ifPresent(
          f -> {
            throw f;
          });
      int tokens = batch.stream().mapToInt(p -> p.ids().length).sum();
      if (remembers && remembered.containsKey(tokens)) {
        return remembered.get(tokens);
      }
      Tensor hidden =
          runner.hidden(
              batch.stream()
                  .map(p -> new Part(((Counted) p.cache()).own, p.ids(), p.horizon()))
                  .toList(),
              cancelled);
      remembered.put(tokens, hidden.copy());
      return change.apply(hidden);
    }

    @Override
    public Tensor head(Tensor hidden) {
      return runner.head(hidden);
    }

    @Override
    public void close() {
      closed++;
    }
  }

  private final class Counted implements SequenceCache {
    private final SequenceCache own;

    Counted(SequenceCache own) {
      this.own = own;
      caches++;
    }

    @Override
    public int length() {
      return own.length();
    }

    @Override
    public void truncate(int length) {
      // What it remembers is in no cache.
      if (!remembers) {
        own.truncate(length);
      }
    }

    @Override
    public SequenceCache fork() {
      return new Counted(own.fork());
    }

    @Override
    public long byteSize() {
      return own.byteSize();
    }

    @Override
    public void close() {
      own.close();
      caches--;
    }
  }
}

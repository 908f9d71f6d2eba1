package dev.ashlar.cli.bench;

import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.InferenceOptions;
import dev.ashlar.nn.device.DeviceDecoder;
import dev.ashlar.nn.device.DeviceException;
import dev.ashlar.nn.device.DeviceKernels;
import dev.ashlar.nn.device.DeviceProvider;
import dev.ashlar.nn.runner.Runner;
import dev.ashlar.nn.runner.SequenceCache;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.AttentionKernel.Spec;
import dev.ashlar.tensor.kernel.AttentionRanges;
import dev.ashlar.tensor.kernel.Availability;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kernel.FakeQuantKernel;
import dev.ashlar.tensor.kv.KvPrecision;
import dev.ashlar.tensor.kv.KvRows;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;

/** A device that is the processor, and counts what is there. */
final class FakeDevice implements DeviceProvider, DeviceKernels {
  private static final Backend BACKEND = Backends.chosen();

  /** Pieces of work and decoders that nobody has taken off. */
  int there;

  /** All that ever were. */
  int ever;

  /** Whether answers are wrong. */
  boolean wrong;

  /** Whether it has no kernels for packed products. */
  boolean failing;

  /** What work waits for before it is done, if anything. */
  CountDownLatch hanging;

  @Override
  public String name() {
    return "fake";
  }

  @Override
  public Availability availability() {
    return new Availability.Ready("fake 1.0");
  }

  @Override
  public List<Device> devices() {
    return List.of(new Device(0, "the first", OptionalLong.empty()));
  }

  @Override
  public Optional<String> refusal(DecoderSpec spec) {
    return Optional.empty();
  }

  @Override
  public DeviceKernels kernels(int device) {
    return this;
  }

  @Override
  public DeviceDecoder open(DecoderSpec spec, WeightSource source, Options options) {
    there++;
    ever++;
    return new Passing(
        Decoder.loadPacked(spec, source, BACKEND, InferenceOptions.defaults())
            .runner(KvPrecision.F32));
  }

  private final class Passing implements DeviceDecoder {
    private final Runner runner;

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
      return runner.newCache();
    }

    @Override
    public Tensor hidden(List<Part> batch, BooleanSupplier cancelled) {
      return runner.hidden(batch, cancelled);
    }

    @Override
    public Tensor head(Tensor hidden) {
      return runner.head(hidden);
    }

    @Override
    public void close() {
      there--;
    }
  }

  private final class Done implements Work {
    private final float[] out;
    private final Runnable body;

    Done(float[] out, Runnable body) {
      this.out = out;
      this.body = body;
      there++;
      ever++;
    }

    @Override
    public void run() {
      if (hanging != null) {
        try {
          hanging.await();
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      }
      body.run();
    }

    @Override
    public long nanosToDevice() {
      return 2_000_000;
    }

    @Override
    public Result result() {
      float[] values = out.clone();
      if (wrong) {
        values[0] += 1e6f;
      }
      return new Result(values, 1_000);
    }

    @Override
    public void close() {
      there--;
    }
  }

  @Override
  public Work product(Layout layout, int m, int n, int k, float[] a, float[] b) {
    float[] c = new float[m * n];
    return new Done(
        c,
        () -> {
          switch (layout) {
            case XWT -> BACKEND.matMul().xwt(m, n, k, a, 0, k, b, 0, k, c, 0, n, false);
            case XW -> BACKEND.matMul().xw(m, n, k, a, 0, k, b, 0, n, c, 0, n, false);
            case XTW -> BACKEND.matMul().xtw(m, n, k, a, 0, m, b, 0, n, c, 0, n, false);
          }
        });
  }

  @Override
  public Work packed(QuantizedMatrix w, int rows, float[] x) {
    if (failing) {
      throw new DeviceException("no kernel of the fake");
    }
    float[] y = new float[rows * w.out()];
    var packed = BACKEND.packed().pack(w);
    return new Done(y, () -> BACKEND.packed().multiply(rows, x, 0, packed, y, 0));
  }

  @Override
  public Work attention(Attention s, float[] q, float[] k, float[] v) {
    float[] out = new float[q.length];
    Spec spec =
        Spec.plain(
            AttentionRanges.dense(s.sequences(), s.queries(), s.keys()),
            s.heads(),
            s.kvHeads(),
            s.headDim(),
            s.headDim(),
            s.scale());
    var keys = new KvRows.Dense(k, s.keys(), s.kvHeads(), s.headDim());
    var values = new KvRows.Dense(v, s.keys(), s.kvHeads(), s.headDim());
    return new Done(out, () -> BACKEND.attention().forward(spec, q, keys, values, out, null));
  }

  @Override
  public Work fakeQuantize(FakeQuantKernel.Parameters p) {
    float[] quantized = new float[p.weight().length];
    return new Done(
        quantized,
        () ->
            BACKEND
                .fakeQuant()
                .forward(
                    p,
                    0,
                    p.out(),
                    quantized,
                    null,
                    new float[p.wMin().length],
                    new byte[p.wMin().length]));
  }

  @Override
  public Work signStep(
      FakeQuantKernel.Parameters p, float[] gradient, float[] scales, byte[] zeros, float rate) {
    return new Done(
        p.value(),
        () -> BACKEND.fakeQuant().signStep(p, 0, p.out(), gradient, scales, zeros, rate, rate));
  }

  @Override
  public Work multiplyAdds(int items, int steps) {
    return new Done(new float[] {steps}, () -> Thread.yield());
  }

  @Override
  public Work copy(float[] x) {
    float[] y = new float[x.length];
    return new Done(y, () -> System.arraycopy(x, 0, y, 0, y.length));
  }
}

package dev.ashlar.tornado.tuner;

import dev.ashlar.nn.decoder.Block;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.devicetuning.DeviceTuner;
import dev.ashlar.nn.devicetuning.TuningJob;
import dev.ashlar.nn.devicetuning.TuningSession;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.op.MatMul;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.FakeQuantKernel;
import dev.ashlar.tensor.kernel.LossKernel;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A backend of the processor in the place of a device, so that it can be started from any
 * parameters and looked into. It gives the codes that SignRound gives there by itself, byte for
 * byte ({@code TeacherForcingTest}).
 */
record ProcessorTuner(Backend backend) implements DeviceTuner {
  @Override
  public String name() {
    return backend.name();
  }

  @Override
  public Optional<String> refusal(TuningJob job) {
    return Optional.empty();
  }

  @Override
  public Session begin(TuningJob job) {
    return new Session(job, backend);
  }

  /** A matrix under tuning: multiplies with ŵ. */
  private static final class Coded implements Weight {
    private final TuningJob.Matrix matrix;
    private final FakeQuantKernel.Parameters now;
    private final Tensor quantized;
    private final Tensor gradient;
    private final float[] scales;
    private final byte[] zeros;
    private FakeQuantKernel.Parameters best;

    Coded(TuningJob.Matrix matrix) {
      this.matrix = matrix;
      this.now = copy(matrix.parameters());
      this.best = copy(now);
      this.quantized = Tensor.zeros(now.out(), now.in());
      this.gradient = Tensor.zeros(now.out(), now.in());
      this.scales = new float[now.wMin().length];
      this.zeros = new byte[now.wMin().length];
    }

    @Override
    public int out() {
      return now.out();
    }

    @Override
    public int in() {
      return now.in();
    }

    @Override
    public Tensor multiply(Tensor x, Tape tape) {
      return tape.apply(new MatMul(x, quantized));
    }
  }

  /** The same parameters with V and multipliers of their own, where there were none too. */
  static FakeQuantKernel.Parameters copy(FakeQuantKernel.Parameters p) {
    int groups = p.wMin().length;
    return new FakeQuantKernel.Parameters(
        p.scheme(),
        p.out(),
        p.in(),
        p.weight(),
        p.wMin(),
        p.wMax(),
        p.value() == null ? new float[p.out() * p.in()] : p.value().clone(),
        p.minScale() == null ? ones(groups) : p.minScale().clone(),
        p.maxScale() == null ? ones(groups) : p.maxScale().clone(),
        p.exact(),
        p.bound());
  }

  private static float[] ones(int n) {
    float[] x = new float[n];
    Arrays.fill(x, 1f);
    return x;
  }

  /** A block under tuning. */
  static final class Session implements TuningSession {
    private final TuningJob job;
    private final Tape tape;
    private final Map<String, Coded> coded = new LinkedHashMap<>();
    private final Block block;

    Session(TuningJob job, Backend backend) {
      this.job = job;
      this.tape = Tape.recording(backend);
      job.matrices().forEach((name, matrix) -> coded.put(name, new Coded(matrix)));
      Map<String, Weight> weights = new LinkedHashMap<>(coded);
      this.block = job.block().mapWeights((name, w) -> weights.getOrDefault(name, w));
    }

    private FakeQuantKernel kernel() {
      return tape.backend().fakeQuant();
    }

    @Override
    public double squaredError(int[] samples, Gradients gradients, float scale) {
      for (Coded c : coded.values()) {
        kernel().forward(c.now, 0, c.out(), c.quantized.data(), null, c.scales, c.zeros);
      }
      if (samples.length == 0) {
        return 0;
      }
      tape.reset();
      boolean wanted = gradients != Gradients.NONE;
      if (wanted) {
        coded
            .values()
            .forEach(c -> tape.watch(c.quantized, c.gradient, gradients == Gradients.ADD));
      }
      Tensor x = samples(job.inputs(), samples);
      Tensor y = samples(job.targets(), samples);
      Tensor out = block.forward(x, BlockContext.of(samples.length, job.length()), tape);
      Tensor dOut = Tensor.zeros(out.shape());
      LossKernel loss = tape.backend().loss();
      double sum = 0;
      int dim = job.dim();
      for (int r = 0; r < out.rows(); r++) {
        if (job.counted()[samples[r / job.length()]][r % job.length()]) {
          int at = r * dim;
          sum += loss.squaredError(at, dim, out.data(), y.data());
          loss.squaredErrorBackward(at, dim, out.data(), y.data(), scale, dOut.data(), false);
        }
      }
      if (wanted) {
        tape.backward(out, dOut);
      }
      return sum;
    }

    private Tensor samples(TuningJob.Samples from, int[] samples) {
      int size = job.length() * job.dim();
      Tensor all = Tensor.zeros(samples.length, job.length(), job.dim());
      Tensor one = Tensor.zeros(1, job.length(), job.dim());
      for (int b = 0; b < samples.length; b++) {
        from.read(samples[b], one);
        System.arraycopy(one.data(), 0, all.data(), b * size, size);
      }
      return all;
    }

    @Override
    public void step(int iteration) {
      for (Coded c : coded.values()) {
        TuningJob.Matrix m = c.matrix;
        float rangeStep = m.ranges() ? m.rangeSteps()[iteration] : 0;
        float step = m.steps()[iteration];
        float[] d = c.gradient.data();
        kernel().signStep(c.now, 0, c.out(), d, c.scales, c.zeros, step, rangeStep);
        if (job.clampV() > 0) {
          float[] v = c.now.value();
          for (int i = 0; i < v.length; i++) {
            v[i] = Math.clamp(v[i], -job.clampV(), job.clampV());
          }
        }
      }
    }

    @Override
    public void keep() {
      coded.values().forEach(c -> c.best = copy(c.now));
    }

    @Override
    public Map<String, FakeQuantKernel.Parameters> kept() {
      Map<String, FakeQuantKernel.Parameters> kept = new LinkedHashMap<>();
      coded.forEach((name, c) -> kept.put(name, copy(c.best)));
      return kept;
    }

    /** The present parameters. */
    Map<String, FakeQuantKernel.Parameters> parameters() {
      Map<String, FakeQuantKernel.Parameters> now = new LinkedHashMap<>();
      coded.forEach((name, c) -> now.put(name, copy(c.now)));
      return now;
    }

    /** {@code ∂L/∂V} of each matrix, {@code [out, in]}, at the last run. */
    Map<String, float[]> gradients() {
      Map<String, float[]> all = new LinkedHashMap<>();
      coded.forEach(
          (name, c) -> {
            float[] dValue = new float[c.out() * c.in()];
            float[] dMin = new float[c.scales.length];
            float[] dMax = new float[c.scales.length];
            float[] d = c.gradient.data();
            kernel().backward(c.now, 0, c.out(), d, c.scales, c.zeros, dValue, dMin, dMax);
            all.put(name, dValue);
          });
      return all;
    }

    @Override
    public void close() {
      tape.reset();
    }
  }
}

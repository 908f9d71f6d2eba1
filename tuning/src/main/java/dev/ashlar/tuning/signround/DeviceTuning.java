package dev.ashlar.tuning.signround;

import dev.ashlar.nn.decoder.Block;
import dev.ashlar.nn.device.DeviceException;
import dev.ashlar.nn.devicetuning.DeviceTuner;
import dev.ashlar.nn.devicetuning.TuningJob;
import dev.ashlar.nn.devicetuning.TuningSession;
import dev.ashlar.nn.devicetuning.TuningSession.Gradients;
import dev.ashlar.tensor.kernel.FakeQuantKernel;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.method.LinearLayer;
import dev.ashlar.tuning.method.Scales;
import dev.ashlar.tuning.method.TuningException;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.method.UnitResult;
import dev.ashlar.tuning.method.UnitTask;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/** A block whose iterations a device computes. Codes are made here, of the parameters it gives. */
final class DeviceTuning implements Tuning {
  private final UnitTask task;
  private final String prefix;
  private final Map<String, LinearLayer> layers = new LinkedHashMap<>();
  private final int batch;
  private final int micro;
  private final TuningSession session;

  /**
   * @throws TuningException if the device cannot tune the block, or fails
   */
  DeviceTuning(UnitTask task, Unit.Blocks unit, DeviceTuner device, SignRoundOptions options) {
    this.task = task;
    Block block = unit.blocks().getFirst();
    this.prefix = block.name() + ".";
    this.batch = UnitTuning.batch(task);
    this.micro = Math.min(task.batchSize(), batch);
    if (unit.blocks().size() > 1) {
      throw refused(device, "several blocks together");
    }
    if (UnitTuning.suppresses(task, options)) {
      throw refused(device, "losses that leave out what is farthest off (enable_alg_ext)");
    }
    Map<String, float[]> importance = UnitTuning.importance(task, options);
    Map<String, TuningJob.Matrix> matrices = new LinkedHashMap<>();
    for (String name : task.unit().weights().keySet()) {
      if (task.schemes().containsKey(name)) {
        LinearLayer layer = task.layer(name);
        layers.put(name, layer);
        matrices.put(name.substring(prefix.length()), matrix(layer, options, importance.get(name)));
      }
    }
    TuningJob job =
        new TuningJob(
            block,
            matrices,
            (s, into) -> task.inputs().gather(new int[] {s}, 0, 1, into),
            (s, into) -> task.targets().gather(new int[] {s}, 0, 1, into),
            Arrays.copyOf(task.counted(), task.inputs().count()),
            task.inputs().length(),
            task.inputs().dim(),
            micro,
            (float) options.clampV());
    device
        .refusal(job)
        .ifPresent(
            what -> {
              throw refused(device, what);
            });
    this.session = asked(() -> device.begin(job));
  }

  private TuningException refused(DeviceTuner device, String what) {
    return new TuningException(
        task.unit().name(),
        device.name() + " does not tune " + what + "; tune without " + SignRoundMethod.BACKEND);
  }

  private static TuningJob.Matrix matrix(
      LinearLayer layer, SignRoundOptions options, float[] importance) {
    IntegerGrid grid = layer.grid();
    FakeQuantKernel.Parameters start =
        TunableIntegers.parameters(layer, null, options, false, importance);
    codes(layer, start);
    return new TuningJob.Matrix(
        start,
        options.minMaxTuning(),
        options.schedule(options.firstLr(grid.bits())),
        options.schedule(options.firstMinMaxLr(grid.bits())));
  }

  private static QuantizedMatrix codes(LinearLayer layer, FakeQuantKernel.Parameters p) {
    byte[] codes = new byte[p.out() * p.in()];
    float[] scales = new float[p.wMin().length];
    byte[] zeros = new byte[scales.length];
    layer.backend().fakeQuant().forward(p, 0, p.out(), null, codes, scales, zeros);
    Scales.require(layer.name(), layer.grid(), layer.in(), scales);
    return new QuantizedMatrix(p.out(), p.in(), layer.grid(), codes, scales, zeros);
  }

  private <T> T asked(Supplier<T> device) {
    try {
      return device.get();
    } catch (DeviceException e) {
      throw new TuningException(task.unit().name(), e.getMessage(), e);
    }
  }

  @Override
  public int batch() {
    return batch;
  }

  @Override
  public void build() {
    // The device does it at the beginning of each run.
  }

  @Override
  public double run(int[] samples, boolean gradients) {
    int length = task.inputs().length();
    long elements = (long) samples.length * length * task.targets().dim();
    float scale = UnitTuning.LOSS_SCALE / elements;
    double sum = 0;
    for (int from = 0; from < samples.length; from += micro) {
      int count = Math.min(micro, samples.length - from);
      int[] some = new int[count];
      System.arraycopy(samples, from, some, 0, count);
      Gradients g = from > 0 ? Gradients.ADD : Gradients.WRITE;
      sum += asked(() -> session.squaredError(some, gradients ? g : Gradients.NONE, scale));
    }
    return sum / elements / BatchLoss.divisor(task.counted(), length, samples);
  }

  @Override
  public void step(SignRoundOptions options, int i) {
    session.step(i);
  }

  @Override
  public void keep() {
    session.keep();
  }

  @Override
  public UnitResult result() {
    Map<String, FakeQuantKernel.Parameters> kept = asked(session::kept);
    Map<String, QuantizedMatrix> codes = new LinkedHashMap<>();
    layers.forEach(
        (name, layer) -> codes.put(name, codes(layer, kept.get(name.substring(prefix.length())))));
    return UnitResult.of(codes);
  }

  @Override
  public void close() {
    session.close();
  }
}

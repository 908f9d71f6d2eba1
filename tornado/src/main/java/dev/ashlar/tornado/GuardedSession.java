package dev.ashlar.tornado;

import dev.ashlar.nn.devicetuning.TuningSession;
import dev.ashlar.tensor.kernel.FakeQuantKernel;
import java.util.Map;

/**
 * A block under tuning on a device whose faults are sentences.
 *
 * @param session that does the work
 * @param what is being done, as in "at tuning model.layers.0"
 */
record GuardedSession(TuningSession session, String what) implements TuningSession {
  @Override
  public double squaredError(int[] samples, Gradients gradients, float scale) {
    return DeviceFaults.guarded(what, () -> session.squaredError(samples, gradients, scale));
  }

  @Override
  public void keep() {
    session.keep();
  }

  @Override
  public void step(int iteration) {
    session.step(iteration);
  }

  @Override
  public Map<String, FakeQuantKernel.Parameters> kept() {
    return DeviceFaults.guarded(what, session::kept);
  }

  @Override
  public void close() {
    session.close();
  }
}

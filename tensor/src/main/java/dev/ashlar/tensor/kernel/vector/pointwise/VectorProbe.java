package dev.ashlar.tensor.kernel.vector.pointwise;

import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.F;
import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.L;

import dev.ashlar.tensor.kernel.ProbeKernel;
import jdk.incubator.vector.FloatVector;

/** Ten chains: enough to hide the latency of two multiply-add units. */
public final class VectorProbe implements ProbeKernel {
  private static final int CHAINS = 10;
  private static final float DECAY = 0.999f;

  @Override
  public double multiplyAdds(int steps, float[] sums, int off) {
    FloatVector a = FloatVector.broadcast(F, DECAY);
    FloatVector b = FloatVector.fromArray(F, sums, off);
    FloatVector s0 = b;
    FloatVector s1 = b;
    FloatVector s2 = b;
    FloatVector s3 = b;
    FloatVector s4 = b;
    FloatVector s5 = b;
    FloatVector s6 = b;
    FloatVector s7 = b;
    FloatVector s8 = b;
    FloatVector s9 = b;
    for (int i = 0; i < steps; i++) {
      s0 = a.fma(s0, b);
      s1 = a.fma(s1, b);
      s2 = a.fma(s2, b);
      s3 = a.fma(s3, b);
      s4 = a.fma(s4, b);
      s5 = a.fma(s5, b);
      s6 = a.fma(s6, b);
      s7 = a.fma(s7, b);
      s8 = a.fma(s8, b);
      s9 = a.fma(s9, b);
    }
    FloatVector low = s0.add(s1).add(s2).add(s3.add(s4));
    low.add(s5).add(s6).add(s7).add(s8.add(s9)).intoArray(sums, off);
    return 2.0 * CHAINS * L * steps;
  }

  @Override
  public int width() {
    return L;
  }
}

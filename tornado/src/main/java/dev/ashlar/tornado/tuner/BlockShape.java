package dev.ashlar.tornado.tuner;

import dev.ashlar.nn.decoder.AttentionSpec;
import dev.ashlar.nn.decoder.BlockSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.ResidualSpec;
import dev.ashlar.nn.devicetuning.TuningJob;
import dev.ashlar.tensor.kernel.FakeQuantKernel;
import dev.ashlar.tensor.quant.IntegerGrid;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** All of a job that its graph hangs on: jobs of equal shapes differ in what arrays hold. */
record BlockShape(
    AttentionSpec attention,
    FeedForwardSpec feedForward,
    ResidualSpec residual,
    Map<String, MatrixShape> matrices,
    int samples,
    int length,
    int dim,
    int micro,
    float clampV) {
  /** The same of a matrix under tuning. */
  record MatrixShape(
      IntegerGrid scheme,
      int out,
      int in,
      boolean exact,
      float bound,
      boolean ranges,
      List<Float> steps,
      List<Float> rangeSteps) {
    static MatrixShape of(TuningJob.Matrix m) {
      FakeQuantKernel.Parameters p = m.parameters();
      return new MatrixShape(
          p.scheme(),
          p.out(),
          p.in(),
          p.exact(),
          p.bound(),
          m.ranges(),
          list(m.steps()),
          list(m.rangeSteps()));
    }

    private static List<Float> list(float[] x) {
      List<Float> all = new ArrayList<>(x.length);
      for (float v : x) {
        all.add(v);
      }
      return all;
    }
  }

  static BlockShape of(TuningJob job) {
    BlockSpec spec = job.block().spec().orElseThrow();
    Map<String, MatrixShape> matrices = new LinkedHashMap<>();
    job.matrices().forEach((name, m) -> matrices.put(name, MatrixShape.of(m)));
    return new BlockShape(
        spec.attention(),
        spec.feedForward(),
        spec.residual(),
        matrices,
        job.samples(),
        job.length(),
        job.dim(),
        job.micro(),
        job.clampV());
  }
}

package dev.ashlar.bench;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tuning.layerwise.solver.ColumnOrder;
import dev.ashlar.tuning.layerwise.solver.Gptq;
import dev.ashlar.tuning.layerwise.solver.GptqOptions;
import dev.ashlar.tuning.layerwise.solver.GridFit;
import dev.ashlar.tuning.layerwise.solver.Grids;
import dev.ashlar.tuning.layerwise.solver.NormalMatrix;
import dev.ashlar.tuning.layerwise.solver.OutlierQuantEase;
import dev.ashlar.tuning.layerwise.solver.QuantEase;
import dev.ashlar.tuning.layerwise.solver.SecondMoments;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One layer under each layer-wise method, at 3 bits with a grid for each row: from its inputs to
 * its codes, and the parts of that. {@code interop/layer_solvers.py} does the same in PyTorch.
 *
 * <p>{@code java --add-modules jdk.incubator.vector -cp … org.openjdk.jmh.Main LayerSolversBench}
 */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@Warmup(iterations = 2)
@Measurement(iterations = 5)
@State(Scope.Benchmark)
public class LayerSolversBench {
  private static final IntegerGrid GRID = new IntegerGrid(3, -1, false, DType.F32);
  private static final int SWEEPS = 30;

  @Param("2048")
  public int size;

  @Param("4096")
  public int tokens;

  private final Backend backend = Backends.chosen();
  private Tensor w;
  private Tensor x;
  private SecondMoments moments;
  private Gptq.Factor factor;
  private NormalMatrix normal;

  /** A random layer, its inputs from a quarter as many directions and noise. */
  @Setup
  public void fill() {
    Random random = new Random(1);
    w = gaussian(random, size, size);
    Tensor hidden = gaussian(random, tokens, size / 4);
    Tensor mix = gaussian(random, size, size / 4);
    x = gaussian(random, tokens, size);
    backend
        .matMul()
        .xwt(
            tokens,
            size,
            size / 4,
            hidden.data(),
            0,
            size / 4,
            mix.data(),
            0,
            size / 4,
            x.data(),
            0,
            size,
            true);
    moments = moments();
    factor = factor();
    normal = normal();
  }

  private static Tensor gaussian(Random random, int rows, int columns) {
    Tensor t = Tensor.zeros(rows, columns);
    for (int i = 0; i < t.size(); i++) {
      t.data()[i] = (float) random.nextGaussian();
    }
    return t;
  }

  /** The second moments of the inputs. */
  @Benchmark
  public SecondMoments moments() {
    SecondMoments m = new SecondMoments(size, backend);
    m.add(x);
    return m;
  }

  /** GPTQ's factor of them. */
  @Benchmark
  public Gptq.Factor factor() {
    return Gptq.factor(moments.normalised(), GRID, GptqOptions.plain()).orElseThrow();
  }

  /** GPTQ with that factor. */
  @Benchmark
  public Gptq.Solution gptqSolve() {
    return Gptq.solve(w, factor, new GridFit(GRID), GptqOptions.plain(), backend);
  }

  /** GPTQ, all of it. */
  @Benchmark
  public Gptq.Solution gptq() {
    Gptq.Factor own = Gptq.factor(moments().normalised(), GRID, GptqOptions.plain()).orElseThrow();
    return Gptq.solve(w, own, new GridFit(GRID), GptqOptions.plain(), backend);
  }

  private NormalMatrix normal() {
    return new NormalMatrix(moments.sum(), ColumnOrder.natural(size));
  }

  /** QuantEase's sweeps. */
  @Benchmark
  public QuantEase.Solution quantEaseSolve() {
    return QuantEase.solve(
        w,
        normal,
        Grids.of(w, new GridFit(GRID)),
        new QuantEase.Options(SWEEPS, false, false),
        Optional.empty(),
        backend);
  }

  /** QuantEase, all of it. */
  @Benchmark
  public QuantEase.Solution quantEase() {
    SecondMoments own = moments();
    return QuantEase.solve(
        w,
        new NormalMatrix(own.sum(), ColumnOrder.natural(size)),
        Grids.of(w, new GridFit(GRID)),
        new QuantEase.Options(SWEEPS, false, false),
        Optional.empty(),
        backend);
  }

  /** QuantEase with one weight in a hundred beside the codes, all of it. */
  @Benchmark
  public QuantEase.Solution quantEaseOutliers() {
    return OutlierQuantEase.solve(
        w,
        new OutlierQuantEase.Inputs(moments().sum(), ColumnOrder.natural(size)),
        new GridFit(GRID),
        new OutlierQuantEase.Options(SWEEPS, 0.01, false, 1, false),
        backend);
  }
}

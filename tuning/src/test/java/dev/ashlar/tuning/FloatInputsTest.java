package dev.ashlar.tuning;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tuning.layerwise.OptRtn;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.method.UnitResult;
import dev.ashlar.tuning.method.UnitTask;
import dev.ashlar.tuning.plan.QuantizationPlan;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Methods on the float model's inputs: who sends the one stream through a unit is all the same. */
class FloatInputsTest {
  /** opt-rtn that notes what flows into each unit, and sends the stream on itself or not. */
  private record Noting(BlockQuantizer method, boolean sends, List<float[]> inputs)
      implements StubQuantizer {
    @Override
    public UnitResult quantize(UnitTask task) {
      Tensor x = Tensor.zeros(task.inputs().count(), task.inputs().length(), task.inputs().dim());
      task.inputs().read(0, task.inputs().count(), x);
      inputs.add(x.data());
      if (task.unit().name().equals("lm_head")) {
        assertNull(task.floats());
        return method.quantize(task);
      }
      assertNotNull(task.floats());
      return method.quantize(
          new UnitTask(
              task.index(),
              task.unit(),
              task.schemes(),
              task.inputs(),
              task.targets(),
              task.counted(),
              task.batchSize(),
              task.accumulate(),
              task.seed(),
              task.listener(),
              sends ? task.floats() : null));
    }

    @Override
    public boolean floatInputs() {
      return method.floatInputs();
    }

    @Override
    public String describe() {
      return method.describe();
    }

    @Override
    public Duration estimate(UnitTask sample, int batches) {
      return method.estimate(sample, batches);
    }
  }

  private static Collected run(boolean sends, List<float[]> inputs) {
    BlockQuantizer method = OptRtn.METHOD.create(MethodOptions.none());
    Collected found = new Collected();
    try (Checkpoint source = TinyModel.open()) {
      new BlockwiseQuantization(
              Architectures.load(source),
              QuantizationPlan.uniform(new IntegerGrid(3, 32, true)).withHead(true),
              TinyModel.data(6, 8),
              new Noting(method, sends, inputs),
              new RunOptions(4, 1, 1, true, 42))
          .run(found, RunListener.SILENT);
    }
    return found;
  }

  @Test
  void onePassServesTheMethodAndTheNextUnit() {
    List<float[]> once = new ArrayList<>();
    List<float[]> twice = new ArrayList<>();
    run(true, once).assertSame(run(false, twice));
    assertEquals(3, once.size());
    for (int i = 0; i < 3; i++) {
      assertArrayEquals(twice.get(i), once.get(i));
    }
  }
}

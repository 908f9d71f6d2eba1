package dev.ashlar.tuning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tensor.quant.ActivationScheme;
import dev.ashlar.tensor.quant.ActivationScheme.Element;
import dev.ashlar.tensor.quant.FileBlocks;
import dev.ashlar.tensor.quant.FloatFormat;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tuning.layerwise.Layerwise;
import dev.ashlar.tuning.layerwise.RoundToNearest;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.plan.DataType;
import dev.ashlar.tuning.plan.QuantizationPlan;
import dev.ashlar.tuning.plan.SchemeOverride;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** Schemes that no method can do yet are never taken for integers. */
class SchemeRefusalTest {
  private static final IntegerGrid W4 = new IntegerGrid(4, 32, false);

  private static String refusal(QuantizationPlan plan) {
    return refusal(plan, Methods.named("gptq").create(MethodOptions.none()));
  }

  private static String refusal(QuantizationPlan plan, BlockQuantizer method) {
    RunOptions options = new RunOptions(1, 1, 1, true, 7);
    return assertThrows(
            IllegalArgumentException.class,
            () ->
                new BlockwiseQuantization(
                    TinyModel.load(), plan, TinyModel.data(2, 4), method, options))
        .getMessage();
  }

  @Test
  void smallFloatsAreRefusedBeforeAnythingIsComputed() {
    SchemeOverride floats =
        new SchemeOverride(
            new SchemeOverride.Weights(
                OptionalInt.empty(),
                OptionalInt.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.of(DataType.MX_FP)),
            SchemeOverride.Inputs.NONE);
    String message = refusal(QuantizationPlan.uniform(W4).withRules(Map.of(".*q_proj", floats)));
    assertTrue(message.contains("gptq"), message);
    assertTrue(message.contains("knows integer weights only"), message);
    assertTrue(message.contains("e2m1 g32 scales e8m0"), message);
    assertEquals(message, refusal(QuantizationPlan.uniform(FloatGrid.mxfp4())));
    BlockQuantizer rtn = new Layerwise(new RoundToNearest(), "rtn");
    String scales =
        refusal(
            QuantizationPlan.uniform(new FloatGrid(FloatFormat.E2M1, 16, FloatGrid.Scale.BF16)),
            rtn);
    assertTrue(scales.contains("powers of two only"), scales);
  }

  @Test
  void inputsThatCannotBeRoundedAreRefusedToo() {
    ActivationScheme fixed = new ActivationScheme(new Element.Integers(8, true), -1, false);
    QuantScheme both = new IntegerGrid(4, 32, false, W4.scaleType(), Optional.of(fixed));
    String message = refusal(QuantizationPlan.uniform(both));
    assertTrue(message.contains("for all inputs, not for tokens"), message);
    assertTrue(message.contains("w4g32 asym, inputs a8 sym g-1 static"), message);
  }

  @Test
  void whatFilesRoundAsksNoMethod() {
    BlockQuantizer gptq = Methods.named("gptq").create(MethodOptions.none());
    FileBlocks own = new FileBlocks("IQ4_NL", 32, 18);
    assertTrue(gptq.refusal(own).isPresent());
    UnitPlan.requirePossible(gptq, List.of(own, W4));
    UnitPlan.requirePossible(gptq, List.of(own));
  }
}

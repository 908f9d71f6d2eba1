package dev.ashlar.formats.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.layout.Layouts;
import dev.ashlar.tensor.quant.ActivationScheme;
import dev.ashlar.tensor.quant.FloatFormat;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.weights.MemoryWeights;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Which format a name means, and what each refuses before any work. */
class FormatChoiceTest {
  private static final IntegerGrid FOUR = new IntegerGrid(4, 32, false);

  private static final MemoryWeights SOURCE = new MemoryWeights(Map.of());

  private static ExportFormat named(String name) {
    return ExportFormats.named(name).orElseThrow();
  }

  private static ExportPlan plan(QuantScheme base) {
    return new ExportPlan(base, Map.of("model.layers.0.a", base));
  }

  private static void refused(String part, String format, ExportPlan plan) {
    String reason = named(format).refusal(SOURCE, plan).orElseThrow();
    assertTrue(reason.contains(part) && reason.contains(format), reason);
  }

  @Test
  void formatsGoByTheNamesThatOthersHave() {
    assertSame(named("auto_gptq"), named("gptq"));
    assertSame(named("auto_awq"), named("awq"));
    assertSame(named("llm_compressor"), named("compressed_tensors"));
    for (String name : new String[] {"auto_gptq", "gptqmodel", "auto_awq", "llm_compressor"}) {
      assertTrue(ExportFormats.named("auto_round:" + name).isPresent(), name);
    }
    assertEquals(Optional.empty(), ExportFormats.named("auto_round:marlin"));
  }

  @Test
  void awqHoldsOneGridOfFourBitsInBlocks() {
    assertEquals(Optional.empty(), named("auto_awq").refusal(SOURCE, plan(FOUR)));
    refused("4 bits, not 8", "auto_awq", plan(new IntegerGrid(8, 32, false)));
    IntegerGrid other = new IntegerGrid(4, 64, false);
    refused(
        "one scheme for all",
        "auto_awq",
        new ExportPlan(FOUR, Map.of("model.layers.0.a", FOUR, "model.layers.0.b", other)));
    refused("lm_head is none", "auto_awq", new ExportPlan(FOUR, Map.of("lm_head", FOUR)));
    refused("act_order", "auto_awq", reordered(Map.of("act_order", true)));
    refused("small floats", "auto_awq", plan(FloatGrid.mxfp4()));
    ActivationScheme bytes =
        new ActivationScheme(new ActivationScheme.Element.Integers(8, true), -1, true);
    refused("rounded", "auto_awq", plan(FOUR.withActivations(Optional.of(bytes))));
    Map<String, Object> fixed = Map.of("act_order", true, "static_groups", true);
    assertEquals(Optional.empty(), named("auto_awq").refusal(SOURCE, reordered(fixed)));
  }

  private static ExportPlan reordered(Map<String, Object> settings) {
    return new ExportPlan(FOUR, Map.of("model.layers.0.a", FOUR), settings);
  }

  @Test
  void autoRoundTakesALayoutThatHoldsReorderedColumns() {
    assertSame(Layouts.AWQ, AutoRoundFormat.layout(SOURCE, plan(FOUR)));
    assertSame(
        Layouts.AUTO_ROUND, AutoRoundFormat.layout(SOURCE, reordered(Map.of("act_order", true))));
    refused("act_order", "auto_round:auto_awq", reordered(Map.of("act_order", true)));
  }

  @Test
  void kindsOfSmallFloatsHaveNames() {
    FloatGrid tiles = FloatGrid.tiles(FloatFormat.E4M3, 128);
    FloatGrid rounded =
        tiles.withActivations(
            Optional.of(
                new ActivationScheme(
                    new ActivationScheme.Element.Floats(FloatFormat.E4M3), 128, true)));
    assertEquals(Optional.empty(), named("fp8").refusal(SOURCE, plan(rounded)));
    assertEquals(Optional.empty(), named("auto_round:fp8").refusal(SOURCE, plan(rounded)));
    refused("inputs are rounded too", "fp8", plan(tiles));
    refused("FP8_BLOCK", "fp8", plan(FloatGrid.mxfp8()));
    refused("FP8_BLOCK", "fp8", plan(FOUR));
    refused("FP8_STATIC", "auto_round:fp8_static", plan(rounded));
    refused("MXFP4", "auto_round:llm_compressor", plan(FOUR));
    assertEquals(
        Optional.empty(),
        named("auto_round:llm_compressor").refusal(SOURCE, plan(FloatGrid.nvfp4())));
  }
}

package dev.ashlar.tuning.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class QuantizationPlanTest {
  private static final QuantScheme W4 = new IntegerGrid(4, 128, true);

  private static LayerShape layer(String name) {
    return new LayerShape(name, 64, 64);
  }

  private static IntegerGrid grid(QuantizationPlan plan, String name) {
    return (IntegerGrid) plan.decide(layer(name)).scheme();
  }

  @Test
  void exactNamesWinOverPatternsAndPatternsOverTheDefault() {
    Map<String, SchemeOverride> rules = new LinkedHashMap<>();
    rules.put(".*q_proj", SchemeOverride.bits(8));
    rules.put("model.layers.0.self_attn.q_proj", SchemeOverride.bits(16));
    QuantizationPlan plan = QuantizationPlan.uniform(W4).withRules(rules);
    assertFalse(plan.decide(layer("model.layers.0.self_attn.q_proj")).quantized());
    assertEquals(8, grid(plan, "model.layers.1.self_attn.q_proj").bits());
    assertEquals(4, grid(plan, "model.layers.1.self_attn.k_proj").bits());
    assertEquals(128, grid(plan, "model.layers.1.self_attn.q_proj").groupSize());
  }

  /** They stand in place of the default, and for nothing else. */
  @Test
  void layersMayHaveSchemesOfTheirOwn() {
    QuantScheme w2 = new IntegerGrid(2, 16, false);
    QuantizationPlan all = QuantizationPlan.uniform(W4);
    QuantizationPlan plan =
        all.withSchemes(Map.of("a.q_proj", w2, "a.k_proj", w2, "a.v_proj", w2, "lm_head", w2))
            .withRules(Map.of("a.k_proj", SchemeOverride.bits(8)))
            .withIgnored(List.of("v_proj"));
    assertEquals(w2, plan.decide(layer("a.q_proj")).scheme());
    assertEquals(8, grid(plan, "a.k_proj").bits());
    assertEquals(128, grid(plan, "a.k_proj").groupSize());
    assertFalse(plan.decide(layer("a.v_proj")).quantized());
    assertEquals(W4, plan.decide(layer("b.q_proj")).scheme());
    assertFalse(plan.decideHead(layer("lm_head"), false).quantized());
    assertEquals(w2, plan.withHead(true).decideHead(layer("lm_head"), false).scheme());
    assertEquals(
        w2, plan.forLayers(List.of("a.q_proj", "a.k_proj")).decide(layer("a.q_proj")).scheme());
    // Work that was done for other schemes is not gone on with.
    assertEquals(
        "w4g128 sym scales F16; a.q_proj: w2g16 asym scales F16",
        all.withSchemes(Map.of("a.q_proj", w2)).describe());
  }

  @Test
  void aRuleThatMatchesNoWholeNameSpeaksOfParts() {
    List<String> names =
        List.of(
            "model.layers.1.self_attn.q_proj",
            "model.layers.1.mlp.gate",
            "model.layers.1.mlp.gate_proj",
            "model.layers.10.self_attn.q_proj");
    for (String part : List.of("q_proj", "self_attn", "layers.1.self|layers.10", "q_.roj$")) {
      QuantizationPlan plan =
          QuantizationPlan.uniform(W4).withRules(Map.of(part, SchemeOverride.bits(8)));
      assertEquals(4, grid(plan, names.getFirst()).bits());
      assertEquals(8, grid(plan.forLayers(names), names.getFirst()).bits(), part);
      assertEquals(8, grid(plan.forLayers(names), names.getLast()).bits(), part);
      assertEquals(4, grid(plan.forLayers(names), names.get(2)).bits(), part);
    }
    QuantizationPlan one =
        QuantizationPlan.uniform(W4).withRules(Map.of("layers.1", SchemeOverride.bits(8)));
    assertEquals(4, grid(one.forLayers(names), names.getLast()).bits());
    // What matches a whole name is not taken for a part of another.
    QuantizationPlan whole =
        QuantizationPlan.uniform(W4).withRules(Map.of(".*mlp.gate", SchemeOverride.bits(8)));
    assertEquals(4, grid(whole.forLayers(names), "model.layers.1.mlp.gate_proj").bits());
  }

  @Test
  void rulesThatOthersLeaveNothingAreRefused() {
    List<String> names = List.of("a.0.up", "a.0.down");
    Map<String, SchemeOverride> rules = new LinkedHashMap<>();
    rules.put("a", SchemeOverride.bits(8));
    rules.put("down", SchemeOverride.bits(2));
    QuantizationPlan plan = QuantizationPlan.uniform(W4);
    String said = refusal(plan.withRules(rules), names);
    assertTrue(said.contains("no effect: down"), said);
    Map<String, SchemeOverride> up = Map.of(".*up", SchemeOverride.bits(2));
    said = refusal(plan.withRules(up).withIgnored(List.of("up")), names);
    assertTrue(said.contains(".*up"), said);
    Map<String, SchemeOverride> exact = Map.of("a.0.up", SchemeOverride.bits(2));
    plan.withRules(exact).withIgnored(List.of("up")).forLayers(names);
  }

  @Test
  void partsToIgnoreThatNoLayerHasAreTold() {
    QuantizationPlan plan = QuantizationPlan.uniform(W4).withIgnored(List.of("dwon", "", "a.0"));
    assertEquals(List.of("dwon"), plan.idleParts(List.of("a.0.up", "a.0.down")));
    assertTrue(plan.decide(layer("b.0.up")).quantized());
  }

  @Test
  void anExpressionThatTriesTooMuchIsRefusedSoon() {
    String name = "model.layers.10.self_attn." + "a".repeat(60) + "_proj";
    for (String rule : List.of("(.*a+)+b", "(.*)*x", "(a|aa)+$", "((.a)*)*!")) {
      QuantizationPlan plan =
          QuantizationPlan.uniform(W4).withRules(Map.of(rule, SchemeOverride.bits(8)));
      long start = System.nanoTime();
      String said = refusal(plan, List.of(name));
      assertTrue(System.nanoTime() - start < 2_000_000_000L, rule);
      assertTrue(said.contains(rule), said);
    }
    assertThrows(
        IllegalArgumentException.class,
        () ->
            QuantizationPlan.uniform(W4)
                .withRules(Map.of("(".repeat(9000) + ")".repeat(9000), SchemeOverride.bits(8))));
  }

  private static String refusal(QuantizationPlan plan, List<String> names) {
    return assertThrows(IllegalArgumentException.class, () -> plan.forLayers(names)).getMessage();
  }

  @Test
  void rulesThatMatchNothingAreRefused() {
    QuantizationPlan plan =
        QuantizationPlan.uniform(W4).withRules(Map.of("model.layer.0.*", SchemeOverride.bits(8)));
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> plan.forLayers(List.of("model.layers.0.mlp.up_proj")));
    assertTrue(e.getMessage().contains("model.layer.0.*"), e.getMessage());
    assertTrue(e.getMessage().contains("model.layers.0.mlp.up_proj"), e.getMessage());
    assertThrows(
        IllegalArgumentException.class,
        () -> QuantizationPlan.uniform(W4).withRules(Map.of("a(", SchemeOverride.bits(8))));
  }

  @Test
  void sizesThatPackedKernelsCannotHoldStayFloatWithAReason() {
    QuantizationPlan.Decision d =
        QuantizationPlan.uniform(W4).decide(new LayerShape("gate", 64, 40));
    assertFalse(d.quantized());
    assertTrue(d.scheme().isFloat());
    assertTrue(d.reason().contains("40"), d.reason());
  }

  @Test
  void ignoredPartsEndAtADot() {
    QuantizationPlan plan = QuantizationPlan.uniform(W4).withIgnored(List.of("layers.1", "down"));
    assertFalse(plan.decide(layer("model.layers.1.mlp.up_proj")).quantized());
    assertTrue(plan.decide(layer("model.layers.10.mlp.up_proj")).quantized());
    assertFalse(plan.decide(layer("model.layers.10.mlp.down_proj")).quantized());
  }

  @Test
  void theHeadIsQuantizedOnRequestAndNeverWhenTied() {
    LayerShape head = layer("lm_head");
    QuantizationPlan plan = QuantizationPlan.uniform(W4);
    assertFalse(plan.decideHead(head, false).quantized());
    assertTrue(plan.withHead(true).decideHead(head, false).quantized());
    assertTrue(
        plan.withRules(Map.of("lm_head", SchemeOverride.bits(8)))
            .decideHead(head, false)
            .quantized());
    assertFalse(plan.withHead(true).decideHead(head, true).quantized());
    assertTrue(plan.withHead(true).decideHead(head, true).reason().contains("embedding"));
  }

  @Test
  void equalPlansDescribeThemselvesEqually() {
    QuantizationPlan a =
        QuantizationPlan.uniform(W4).withRules(Map.of("lm_head", SchemeOverride.bits(8)));
    QuantizationPlan b =
        QuantizationPlan.uniform(W4).withRules(Map.of("lm_head", SchemeOverride.bits(8)));
    assertEquals(a.describe(), b.describe());
    assertFalse(a.describe().equals(a.withHead(true).describe()));
  }
}

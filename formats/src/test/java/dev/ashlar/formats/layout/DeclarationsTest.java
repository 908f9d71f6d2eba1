package dev.ashlar.formats.layout;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.io.InputException;
import dev.ashlar.io.json.Json;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What configurations declare, in all their spellings. */
class DeclarationsTest {
  private static PackedPlan plan(String json) {
    return Declarations.plan(
            new QuantizationConfig(
                "config",
                Json.parseObject(
                    json.replace('\'', '"').getBytes(StandardCharsets.UTF_8), "config")))
        .orElseThrow();
  }

  private static QuantScheme scheme(int bits, int group, boolean symmetric) {
    return new IntegerGrid(bits, group, symmetric);
  }

  @ParameterizedTest
  @CsvSource({
    "auto_round, auto_round",
    "auto_round:auto_gptq, auto_round:auto_gptq",
    "auto_round:gptq, auto_round:auto_gptq",
    "auto_round:gptq:exllamav2, auto_round:auto_gptq",
    "auto_round:gptqmodel, gptq_v2",
    "auto_round:auto_awq, awq",
    "auto_round:awq:gemm, awq",
  })
  void packingFormatsOfAutoRound(String format, String layout) {
    for (String key : new String[] {"packing_format", "backend"}) {
      PackedPlan plan =
          plan(
              "{'quant_method':'intel/auto-round','bits':4,'group_size':128,'sym':true,'data_type':"
                  + "'int','"
                  + key
                  + "':'"
                  + format
                  + "'}");
      assertEquals(layout, plan.layout("x").name());
      assertEquals(scheme(4, 128, true), plan.scheme("x"));
    }
  }

  @Test
  void extraConfigByNameThenByExpression() {
    PackedPlan plan =
        plan(
            "{'quant_method':'auto-round','bits':4,'group_size':32,'sym':true,'extra_config':{"
                + "'.*layers\\\\.0\\\\..*':{'bits':8},"
                + "'model.layers.0.a':{'bits':2,'group_size':64},"
                + "'model.layers.0.b':{'bits':16,'data_type':'fp'},"
                + "'.*gate.*':{'data_type':'float'},"
                + "'lm_head':{'bits':4,'sym':false,'super_bits':null}}}");
    assertEquals(scheme(2, 64, true), plan.scheme("model.layers.0.a"));
    assertTrue(plan.scheme("model.layers.0.b").isFloat());
    assertEquals(scheme(8, 32, true), plan.scheme("model.layers.0.c"));
    assertTrue(plan.scheme("model.layers.1.mlp.gate").isFloat());
    assertEquals(scheme(4, 32, true), plan.scheme("model.layers.1.a"));
    assertEquals(scheme(4, 32, false), plan.scheme("lm_head"));
  }

  @Test
  void dynamicRulesOfGptqFirstMatchWins() {
    PackedPlan plan =
        plan(
            "{'quant_method':'gptq','bits':4,'group_size':128,'desc_act':false,'dynamic':{"
                + "'-:.*gate$':{},'+:model\\\\.layers\\\\.0\\\\.':{'bits':8,'group_size':64},"
                + "'model\\\\.layers':{'sym':false}},'lm_head':true}");
    assertSame(Layouts.GPTQ, plan.layout("x"));
    assertTrue(plan.scheme("model.layers.0.gate").isFloat());
    assertEquals(scheme(8, 64, true), plan.scheme("model.layers.0.gate_proj"));
    assertEquals(scheme(4, 128, false), plan.scheme("model.layers.1.up"));
    assertEquals(scheme(4, 128, true), plan.scheme("lm_head"));
  }

  @Test
  void modulesInBlockLeaveTheOthersFloat() {
    PackedPlan plan =
        plan(
            "{'quant_method':'gptq','checkpoint_format':'gptq_v2','bits':3,'group_size':-1,"
                + "'modules_in_block_to_quantize':[['self_attn.q_proj'],['mlp.experts.0.up']]}");
    assertSame(Layouts.GPTQ_V2, plan.layout("x"));
    assertEquals(scheme(3, -1, true), plan.scheme("model.layers.7.self_attn.q_proj"));
    assertEquals(scheme(3, -1, true), plan.scheme("model.layers.7.mlp.experts.0.up"));
    assertTrue(plan.scheme("model.layers.7.self_attn.k_proj").isFloat());
    assertTrue(plan.scheme("lm_head").isFloat());
  }

  @Test
  void synonymsOfOlderTools() {
    PackedPlan awq = plan("{'w_bit':4,'q_group_size':64,'zero_point':true,'version':'GEMM'}");
    assertSame(Layouts.AWQ, awq.layout("x"));
    assertEquals(scheme(4, 64, false), awq.scheme("x"));
    PackedPlan gptq = plan("{'wbits':8,'group_size':32,'desc_act':true,'damp_percent':0.01}");
    assertSame(Layouts.GPTQ, gptq.layout("x"));
    assertEquals(scheme(8, 32, true), gptq.scheme("x"));
    PackedPlan model =
        plan("{'method':'gptq','format':'gptq_v2','bits':4,'group_size':32,'pack_dtype':'int32'}");
    assertSame(Layouts.GPTQ_V2, model.layout("x"));
  }

  @Test
  void awqLeavesOutBySubstring() {
    PackedPlan plan =
        plan(
            "{'quant_method':'awq','bits':4,'group_size':32,'version':'gemm',"
                + "'modules_to_not_convert':['visual','model.layers.0.']}");
    assertTrue(plan.scheme("model.visual.x").isFloat());
    assertTrue(plan.scheme("model.layers.0.q").isFloat());
    assertEquals(4, ((IntegerGrid) plan.scheme("model.layers.10.q")).bits());
  }

  /** Whole names, then expressions, then classes, whatever the order of the groups. */
  @Test
  void groupsOfCompressedTensorsWithFormatsOfTheirOwn() {
    PackedPlan plan =
        plan(
            "{'quant_method':'compressed-tensors','format':'mixed-precision','config_groups':{"
                + "'a':{'targets':['Linear'],'format':'pack-quantized','weights':{'num_bits':4,"
                + "'type':'int','strategy':'group','group_size':32,'symmetric':true}},"
                + "'b':{'targets':['re:.*down_proj$'],'weights':{'num_bits':4,'type':'float',"
                + "'strategy':'tensor_group','group_size':16}},"
                + "'c':{'targets':['m.0.down_proj','lm_head'],'format':'float-quantized',"
                + "'weights':{'num_bits':8,'type':'float','strategy':'channel'},"
                + "'input_activations':{'num_bits':8,'type':'float','strategy':'token',"
                + "'dynamic':true}},"
                + "'d':{'targets':['re:.*router'],'weights':{'num_bits':8,'type':'float',"
                + "'strategy':'block','block_structure':'64x128'}},"
                + "'e':{'targets':['Attention'],'weights':null}},"
                + "'ignore':['re:.*gate$','m.1.down_proj']}");
    assertEquals(scheme(4, 32, true), plan.scheme("m.0.up_proj"));
    assertSame(Layouts.PACK_QUANTIZED, plan.layout("m.0.up_proj"));
    assertEquals(FloatGrid.nvfp4(), plan.scheme("m.2.down_proj"));
    assertEquals("nvfp4-pack-quantized", plan.layout("m.2.down_proj").name());
    assertEquals("e4m3 g-1 scales f32, inputs e4m3 g-1 dynamic", plan.scheme("lm_head") + "");
    assertEquals("float-quantized", plan.layout("m.0.down_proj").name());
    assertEquals("e4m3 g64x128 scales f32", plan.scheme("m.0.router") + "");
    assertEquals("naive-quantized", plan.layout("m.0.router").name());
    assertTrue(plan.scheme("m.1.down_proj").isFloat());
    assertTrue(plan.scheme("m.0.mlp.gate").isFloat());
    assertEquals(Set.of("m.0.down_proj", "lm_head"), plan.named());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'quant_method':'gptq','group_size':32}",
        "{'quant_method':'gptq','bits':'4','group_size':32}",
        "{'quant_method':'gptq','bits':4.0,'group_size':32}",
        "{'quant_method':'gptq','bits':5,'group_size':32}",
        "{'quant_method':'gptq','bits':-4,'group_size':32}",
        "{'quant_method':'gptq','bits':99999999999999999999,'group_size':32}",
        "{'quant_method':'gptq','bits':4,'group_size':0}",
        "{'quant_method':'gptq','bits':4,'group_size':-2}",
        "{'quant_method':'gptq','bits':4,'group_size':4294967328}",
        "{'quant_method':'gptq','bits':4,'sym':'yes'}",
        "{'quant_method':'gptq','bits':4,'pack_dtype':'int16'}",
        "{'quant_method':'gptq','bits':4,'checkpoint_format':'marlin'}",
        "{'quant_method':'gptq','bits':4,'checkpoint_format':'gptq_p'}",
        "{'quant_method':'gptq','bits':4,'is_marlin_format':true}",
        "{'quant_method':'gptq','bits':4,'desc_act':1}",
        "{'quant_method':'gptq','bits':4,'dynamic':{'(((':{}}}",
        "{'quant_method':'gptq','bits':4,'dynamic':{'a':7}}",
        "{'quant_method':'gptq','bits':4,'dynamic':[]}",
        "{'quant_method':'gptq','bits':4,'modules_in_block_to_quantize':[7]}",
        "{'quant_method':'gptq','bits':4,'modules_in_block_to_quantize':[[[[['a']]]]]}",
        "{'quant_method':'awq','bits':8}",
        "{'quant_method':'awq','bits':4,'version':'gemv'}",
        "{'quant_method':'auto-round','bits':4,'packing_format':'auto_round:llm_compressor'}",
        "{'quant_method':'auto-round','bits':4,'data_type':'mx_fp'}",
        "{'quant_method':'auto-round','bits':4,'extra_config':{'a':7}}",
        "{'quant_method':7}",
      })
  void refusesWhatItCannotRead(String json) {
    InputException e = assertThrows(InputException.class, () -> plan(json));
    assertTrue(e.getMessage().startsWith("config: quantization_config."), e.getMessage());
  }

  @Test
  void anExpressionThatWouldNeverEndIsRefused() {
    PackedPlan plan =
        plan(
            "{'quant_method':'gptq','bits':4,'group_size':32,'dynamic':{'a*a*a*a*a*a*a*a*a*a*b':{}}}");
    assertTimeout(
        Duration.ofSeconds(2),
        () -> assertThrows(InputException.class, () -> plan.scheme("a".repeat(60) + "!")));
  }
}

package dev.ashlar.engine.quantize;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.Unquantized;
import org.junit.jupiter.api.Test;

/** Layer rules as AutoRound's {@code layer_config} spells them. */
class LayerConfigTest {
  private static final IntegerGrid W4 = new IntegerGrid(4, 128, true);

  private static QuantScheme rule(String keys) {
    return LayerConfig.read("{\"a\": {" + keys + "}}").get("a").over(W4);
  }

  @Test
  void aRuleCarriesAWholeScheme() {
    assertEquals(W4, rule(""));
    assertEquals(
        new IntegerGrid(3, 32, false, DType.F32),
        rule("\"bits\": 3, \"group_size\": 32, \"sym\": false, \"scale_dtype\": \"fp32\""));
    assertEquals(new Unquantized(), rule("\"bits\": 16"));
    assertEquals(FloatGrid.mxfp4(), rule("\"data_type\": \"mx_fp\", \"sym\": true"));
    assertEquals(
        "w8g128 sym, inputs a8 asym g-1 dynamic",
        rule("\"bits\": 8, \"data_type\": \"int\", \"act_bits\": 8, \"act_sym\": false,"
                + " \"act_dynamic\": true")
            .toString());
    assertEquals(W4, rule("\"act_bits\": 16, \"act_data_type\": null"));
  }

  @Test
  void whatShellsLeaveOfJsonIsUnderstood() {
    for (String text :
        new String[] {
          "{model.layers.0.mlp.down_proj:{bits:8,group_size:32,sym:False}}",
          "{'model.layers.0.mlp.down_proj': {'bits': 8, 'group_size': 32, 'sym': False}}",
          "{\"model.layers.0.mlp.down_proj\": {\"bits\": 8, \"group_size\": 32, 'sym': false}}",
        }) {
      assertEquals(
          new IntegerGrid(8, 32, false),
          LayerConfig.read(text).get("model.layers.0.mlp.down_proj").over(W4),
          text);
    }
    assertEquals(
        new IntegerGrid(8, 128, true),
        LayerConfig.read("{\"layers\\.\\d+\": {\"bits\": 8}}").get("layers\\.\\d+").over(W4));
    assertEquals(new IntegerGrid(2, 64, true), LayerConfig.read("{a: W2A16G64}").get("a").over(W4));
    for (String text :
        new String[] {"{a: W99A16}", "{a", "{a:{bits:}}", "{}}", "{'a: {bits: 8}}"}) {
      assertThrows(dev.ashlar.io.InputException.class, () -> LayerConfig.read(text), text);
    }
  }

  @Test
  void faultsNameTheRuleAndTheKey() {
    for (String[] fault :
        new String[][] {
          {"\"bits\": 9", "bits"},
          {"\"group_size\": 0", "group_size"},
          {"\"act_group_size\": -2", "act_group_size"},
          {"\"sym\": 1", "sym"},
          {"\"data_type\": \"int9\"", "data_type"},
          {"\"scale_dtype\": \"fp8\"", "scale_dtype"},
          {"\"colour\": 1", "colour"},
          {"\"bits\": 3, \"data_type\": \"mx_fp\"", "mx_fp"},
        }) {
      RuntimeException e = assertThrows(RuntimeException.class, () -> rule(fault[0]));
      assertTrue(e.getMessage().contains(": a: "), e.getMessage());
      assertTrue(e.getMessage().contains(fault[1]), e.getMessage());
    }
  }
}

package dev.ashlar.tuning.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tuning.TinyModel;
import dev.ashlar.tuning.UnitPlan;
import org.junit.jupiter.api.Test;

/** Plans for the first blocks only. */
class FirstBlocksTest {
  private static final QuantizationPlan ALL =
      QuantizationPlan.uniform(new IntegerGrid(4, 32, true));

  @Test
  void laterBlocksStayFloatAndTheReasonIsSaid() {
    Decoder model = TinyModel.load();
    UnitPlan first = new UnitPlan(model.spec(), false, ALL.withFirstBlocks(1), 1);
    assertEquals(7, first.schemes().size());
    assertTrue(first.schemes().keySet().stream().allMatch(n -> n.contains("layers.0.")));
    assertEquals(7, first.skipped().size());
    assertTrue(
        first.skipped().values().stream().allMatch(r -> r.contains("among the first 1")),
        first.skipped().toString());
    assertEquals(2, first.units().size());
    assertEquals(14, new UnitPlan(model.spec(), false, ALL.withFirstBlocks(5), 1).schemes().size());
  }

  @Test
  void itIsPartOfThePlansDescription() {
    assertTrue(ALL.withFirstBlocks(3).describe().contains("first 3 blocks"));
    assertTrue(ALL.withFirstBlocks(3).withHead(true).describe().contains("first 3 blocks"));
    assertThrows(IllegalArgumentException.class, () -> ALL.withFirstBlocks(0));
  }
}

package dev.ashlar.tuning.autoscheme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tuning.TinyModel;
import dev.ashlar.tuning.UnitPlan;
import dev.ashlar.tuning.autoscheme.AutoScheme.Allocation;
import dev.ashlar.tuning.plan.QuantizationPlan;
import dev.ashlar.tuning.walk.ActivationStore;
import dev.ashlar.tuning.walk.BlockWalk;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Averages that are just reached, and those that cannot be. */
class BudgetBoundsTest {
  private static final SchemeOption TWO = new SchemeOption("W2", new IntegerGrid(2, 32, true));
  private static final SchemeOption FOUR = new SchemeOption("W4", new IntegerGrid(4, 32, false));
  private static final SchemeOption EIGHT = new SchemeOption("W8", new IntegerGrid(8, 32, true));
  private static final QuantizationPlan PLAN = QuantizationPlan.uniform(TWO.scheme());

  private static AutoScheme scheme(double bits, SchemeOption... options) {
    return new AutoScheme(bits, List.of(options), List.of(), false);
  }

  private static List<Map<String, Double>> scores(
      AutoScheme scheme, Decoder model, QuantizationPlan plan) {
    return scheme.scores(
        model,
        plan,
        TinyModel.data(4, 8),
        ActivationStore.heap(),
        done -> {},
        BlockWalk.Check.NONE);
  }

  /** What no rule names would have the first scheme to choose from, and not be counted. */
  @Test
  void aHeadWithoutASchemeIsRefusedBeforeAnythingIsMeasured() {
    QuantizationPlan plan = PLAN.withHead(true);
    try (Checkpoint source = TinyModel.open()) {
      Decoder model = Architectures.load(source);
      String said =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> scheme(3, TWO, FOUR).requirePossible(model.spec(), model.tiedHead(), plan))
              .getMessage();
      assertTrue(said.contains("output head takes 6 bits"), said);
      AutoScheme eight = scheme(4.5, TWO, EIGHT);
      eight.requirePossible(model.spec(), model.tiedHead(), plan);
      List<Map<String, Double>> scores = scores(eight, model, plan);
      Allocation a = eight.allocate(model.spec(), model.tiedHead(), plan, scores);
      UnitPlan units = new UnitPlan(model.spec(), model.tiedHead(), a.plan(), 1);
      assertEquals(EIGHT.scheme(), units.schemes().get(model.spec().head().output().name()));
      assertTrue(a.averageBits() <= 4.5);
    }
  }

  @Test
  void averagesAreTheDecimalsThatWereWritten() {
    // In binary 434.99999999999994, 8.2 and 2299.9999999999995.
    assertEquals(435, AutoScheme.budget(4.35, 100));
    assertEquals(82, AutoScheme.budget(8.2, 10));
    assertEquals(2300, AutoScheme.budget(1.15, 2000));
    assertEquals(8, AutoScheme.budget(2.99, 3));
  }

  /** What is said to be the least can be asked for. */
  @Test
  void theLeastThatIsSaidCanBeHad() {
    QuantizationPlan plan = PLAN.withHead(true);
    try (Checkpoint source = TinyModel.open()) {
      Decoder model = Architectures.load(source);
      for (int bits = 2; bits <= 5; bits++) {
        for (int group : new int[] {16, 32, 64}) {
          SchemeOption least = new SchemeOption("least", new IntegerGrid(bits, group, false));
          String said =
              assertThrows(
                      IllegalArgumentException.class,
                      () ->
                          scheme(1, least, EIGHT)
                              .requirePossible(model.spec(), model.tiedHead(), plan))
                  .getMessage();
          double average = Double.parseDouble(said.replaceAll(".* take ([0-9.]+),.*", "$1"));
          scheme(average, least, EIGHT).requirePossible(model.spec(), model.tiedHead(), plan);
        }
      }
    }
  }
}

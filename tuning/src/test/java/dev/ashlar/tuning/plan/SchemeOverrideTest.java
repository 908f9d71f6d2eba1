package dev.ashlar.tuning.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.quant.ActivationScheme;
import dev.ashlar.tensor.quant.ActivationScheme.Element;
import dev.ashlar.tensor.quant.FloatFormat;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.Unquantized;
import dev.ashlar.tuning.plan.SchemeOverride.Inputs;
import dev.ashlar.tuning.plan.SchemeOverride.Weights;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** A rule's parts stand in place of the default's, and nothing is taken for something else. */
class SchemeOverrideTest {
  private static final IntegerGrid W4 = new IntegerGrid(4, 128, false);

  private static SchemeOverride weights(
      OptionalInt bits, OptionalInt group, Optional<DType> scale, DataType type) {
    return new SchemeOverride(
        new Weights(bits, group, Optional.empty(), scale, Optional.ofNullable(type)), Inputs.NONE);
  }

  private static SchemeOverride type(DataType type) {
    return weights(OptionalInt.empty(), OptionalInt.empty(), Optional.empty(), type);
  }

  private static SchemeOverride inputs(OptionalInt bits, DataType type, Boolean dynamic) {
    return new SchemeOverride(
        Weights.NONE,
        new Inputs(
            bits,
            OptionalInt.empty(),
            Optional.empty(),
            Optional.ofNullable(type),
            Optional.ofNullable(dynamic)));
  }

  @Test
  void whatSaysAllOfASchemeIsThatSchemeOverAny() {
    Optional<ActivationScheme> tokens =
        Optional.of(new ActivationScheme(new Element.Integers(8, false), -1, true));
    Optional<ActivationScheme> blocks =
        Optional.of(
            new ActivationScheme(
                new Element.Floats(FloatFormat.E2M1, FloatGrid.Scale.E8M0), 32, true));
    Optional<ActivationScheme> whole =
        Optional.of(new ActivationScheme(new Element.Floats(FloatFormat.E5M2), 0, false));
    List<QuantScheme> all =
        List.of(
            W4,
            new IntegerGrid(3, -1, true, DType.F32),
            W4.withActivations(tokens),
            FloatGrid.mxfp4().withActivations(blocks),
            FloatGrid.mxfp8(),
            FloatGrid.fp8(FloatFormat.E5M2).withActivations(whole),
            new FloatGrid(FloatFormat.E4M3, 0, FloatGrid.Scale.F32),
            new Unquantized());
    for (QuantScheme base : all) {
      for (QuantScheme scheme : all) {
        assertEquals(scheme, SchemeOverride.exactly(scheme).over(base), scheme + " over " + base);
      }
    }
  }

  @Test
  void whatARuleDoesNotSayIsTheDefaults() {
    assertEquals(W4, new SchemeOverride(Weights.NONE, Inputs.NONE).over(W4));
    assertEquals(new IntegerGrid(8, 128, false), SchemeOverride.bits(8).over(W4));
    assertEquals(
        new IntegerGrid(4, 32, false, DType.F32),
        weights(OptionalInt.empty(), OptionalInt.of(32), Optional.of(DType.F32), null).over(W4));
    assertEquals(
        new IntegerGrid(4, 128, true),
        SchemeOverride.of(OptionalInt.empty(), OptionalInt.empty(), Optional.of(true)).over(W4));
  }

  @Test
  void sixteenBitsAndFloatLeaveALayerAsItIs() {
    assertEquals(new Unquantized(), SchemeOverride.bits(16).over(W4));
    assertEquals(new Unquantized(), type(DataType.FLOAT).over(W4));
    assertEquals(new IntegerGrid(3, -1, true), SchemeOverride.bits(3).over(new Unquantized()));
  }

  @Test
  void floatGridsFollowTheirTypes() {
    assertEquals(FloatGrid.mxfp4(), type(DataType.MX_FP).over(W4));
    assertEquals(FloatGrid.nvfp4(), type(DataType.NV_FP).over(W4));
    OptionalInt eight = OptionalInt.of(8);
    OptionalInt none = OptionalInt.empty();
    assertEquals(
        FloatGrid.mxfp8(), weights(eight, none, Optional.empty(), DataType.MX_FP).over(W4));
    assertEquals(
        FloatGrid.fp8(FloatFormat.E5M2),
        weights(eight, none, Optional.empty(), DataType.FP8_E5M2).over(W4));
    assertEquals(FloatGrid.mxfp8(), SchemeOverride.bits(8).over(FloatGrid.mxfp4()));
    assertThrows(IllegalArgumentException.class, () -> type(DataType.FP8_E4M3).over(W4));
    assertThrows(
        IllegalArgumentException.class,
        () -> weights(eight, none, Optional.of(DType.F16), DataType.FP8_E4M3).over(W4));
  }

  @Test
  void inputsMayBeRounded() {
    QuantScheme rounded = inputs(OptionalInt.of(8), null, false).over(W4);
    ActivationScheme expected = new ActivationScheme(new Element.Integers(8, true), -1, false);
    assertEquals(Optional.of(expected), rounded.activations());
    assertEquals("w4g128 asym, inputs a8 sym g-1 static", rounded.toString());
    assertEquals(
        Optional.of(new ActivationScheme(new Element.Floats(FloatFormat.E4M3), -1, true)),
        inputs(OptionalInt.of(8), DataType.FP8_E4M3, null).over(W4).activations());
    assertEquals(
        Optional.empty(), inputs(OptionalInt.of(16), null, null).over(rounded).activations());
    assertEquals(rounded, SchemeOverride.bits(4).over(rounded));
  }

  @Test
  void whatIsMoreThanIntegersIsRefusedInOneSentence() {
    assertTrue(W4.beyondIntegers().isEmpty());
    QuantScheme rounded = inputs(OptionalInt.of(8), null, null).over(W4);
    for (QuantScheme scheme : new QuantScheme[] {rounded, FloatGrid.mxfp4(), new Unquantized()}) {
      assertFalse(scheme.beyondIntegers().orElseThrow().isBlank());
      String message =
          assertThrows(IllegalArgumentException.class, () -> scheme.integers("layout x"))
              .getMessage();
      assertTrue(message.startsWith("layout x "), message);
    }
  }

  @Test
  void plansTellRulesApartWhoseScalesDiffer() {
    QuantizationPlan plan = QuantizationPlan.uniform(W4);
    SchemeOverride wide =
        weights(OptionalInt.empty(), OptionalInt.empty(), Optional.of(DType.F32), null);
    assertEquals("w4g128 asym scales F16", plan.describe());
    assertEquals(
        "w4g128 asym scales F16; a = w8g128 asym",
        plan.withRules(Map.of("a", SchemeOverride.bits(8))).describe());
    assertEquals(
        "w4g128 asym scales F16; a = w4g128 asym scales F32",
        plan.withRules(Map.of("a", wide)).describe());
    assertEquals(
        "w4g128 asym scales F16; a = float",
        plan.withRules(Map.of("a", SchemeOverride.bits(16))).describe());
  }
}

package dev.ashlar.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.io.InputException;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.decoder.HeadPrecision;
import dev.ashlar.nn.decoder.InferenceOptions;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.affine.Affine;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An output head that is rounded to bytes when the model is opened. */
class HeadInBytesTest {
  private static final int[] IDS = {1, 5, 9, 2, 33, 7, 40};
  private static final InferenceOptions BYTES =
      InferenceOptions.defaults().with(HeadPrecision.INT8);

  /** Tied and not, transposed and with a bias: the head's own products with its rounded weights. */
  @ParameterizedTest
  @ValueSource(strings = {"llama", "qwen2", "gpt2_scale_by_layer", "phi_gqa_qkln", "gemma2_bf16"})
  void isTheProductWithRoundedWeights(String family) {
    try (Altered source = new Altered(family)) {
      Decoder stored = Architectures.loadPacked(source, Backends.chosen());
      Decoder bytes = Architectures.loadPacked(source, Backends.chosen(), BYTES);
      String said = String.join("; ", source.notes());
      assertTrue(said.contains("runs in 8 bits; its weights differ by 0."), said);
      float[] expected = logits(stored);
      float[] found = logits(bytes);
      float largest = 0;
      double changed = 0;
      double size = 0;
      for (int i = 0; i < expected.length; i++) {
        largest = Math.max(largest, Math.abs(expected[i]));
        changed += Math.pow(found[i] - expected[i], 2);
        size += Math.pow(expected[i], 2);
      }
      assertArrayEquals(expected, found, 0.03f * largest);
      double relative = Math.sqrt(changed / size);
      assertTrue(relative > 0 && relative < 0.01, family + ": " + relative);
    }
  }

  @Test
  void aHeadOfCodesStaysWhatItIs() {
    try (Altered source = new Altered("llama")) {
      Tensor head = source.tensor("lm_head.weight").toTensor();
      QuantizedMatrix q = Affine.nearest(head, new IntegerGrid(4, 32, false), Backends.chosen());
      source.packed("lm_head", q);
      float[] expected = logits(Architectures.loadPacked(source, Backends.chosen()));
      assertArrayEquals(
          expected, logits(Architectures.loadPacked(source, Backends.chosen(), BYTES)));
      String said = String.join("; ", source.notes());
      assertTrue(said.contains("stored as codes and stays so"), said);
    }
  }

  @Test
  void aDamagedHeadIsNamed() {
    try (Altered source = new Altered("llama")) {
      Tensor head = source.tensor("lm_head.weight").toTensor();
      head.data()[head.size() - 1] = Float.NaN;
      source.with("lm_head.weight", head, DType.F32);
      InputException e =
          assertThrows(
              InputException.class,
              () -> Architectures.loadPacked(source, Backends.chosen(), BYTES));
      assertTrue(e.getMessage().contains("lm_head.weight"), e.getMessage());
      assertEquals(0, source.notes().size());
    }
  }

  private static float[] logits(Decoder decoder) {
    Tensor logits = decoder.forward(IDS, BlockContext.of(1, IDS.length), Tape.off());
    return Arrays.copyOf(logits.data(), logits.size());
  }
}

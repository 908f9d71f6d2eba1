package dev.ashlar.tuning.quality;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.layer.DenseWeight;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tuning.TinyModel;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class QualityTest {
  private static final int LENGTH = 16;

  private static int[] ids() {
    int[] ids = TinyModel.data(5, LENGTH).ids(0, 5);
    return Arrays.copyOf(ids, ids.length - 3);
  }

  @Test
  void perplexityFollowsTheProtocol() {
    Decoder model = TinyModel.load();
    int[] ids = ids();
    double sum = 0;
    for (int w = 0; w < 4; w++) {
      int[] window = Arrays.copyOfRange(ids, w * LENGTH, (w + 1) * LENGTH);
      Tensor logits = model.forward(window, BlockContext.of(1, LENGTH), Tape.off());
      int vocab = logits.dim(-1);
      for (int t = 0; t + 1 < LENGTH; t++) {
        double z = 0;
        for (int v = 0; v < vocab; v++) {
          z += Math.exp(logits.data()[t * vocab + v]);
        }
        sum += Math.log(z) - logits.data()[t * vocab + window[t + 1]];
      }
    }
    Perplexity p = Perplexity.of(model, ids, LENGTH, 0, WindowListener.SILENT);
    assertEquals(4, p.windows());
    assertEquals(60, p.tokens());
    assertEquals(Math.exp(sum / 60), p.value(), 1e-4 * p.value());
    int[] told = {0};
    Perplexity two =
        Perplexity.of(model, ids, LENGTH, 2, (done, total, value) -> told[0] += done * total);
    assertEquals(2, two.windows());
    assertEquals(2 + 4, told[0]);
    assertThrows(
        IllegalArgumentException.class,
        () -> Perplexity.of(model, new int[3], LENGTH, 0, WindowListener.SILENT));
  }

  @Test
  void aModelAgreesWithItselfAndLessWithAnother() {
    Decoder model = TinyModel.load();
    LogitComparison same =
        LogitComparison.of(model, model, ids(), LENGTH, 0, WindowListener.SILENT);
    assertEquals(0, same.maxAbsDifference());
    assertEquals(0, same.klDivergence(), 1e-12);
    assertEquals(1, same.topAgreement());
    assertEquals(64, same.positions());
    Decoder other =
        model.mapWeights(
            (name, w) -> {
              Tensor half = ((DenseWeight) w).matrix().copy();
              for (int i = 0; i < half.size(); i++) {
                half.data()[i] *= 0.5f;
              }
              return new DenseWeight(half);
            });
    LogitComparison far = LogitComparison.of(model, other, ids(), LENGTH, 0, WindowListener.SILENT);
    assertTrue(far.maxAbsDifference() > 0);
    assertTrue(far.klDivergence() > 0);
    assertTrue(far.topAgreement() < 1);
  }
}

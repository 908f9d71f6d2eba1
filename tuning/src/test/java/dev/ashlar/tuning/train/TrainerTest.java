package dev.ashlar.tuning.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tuning.TinyModel;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TrainerTest {
  private static final Trainer.Options OPTIONS =
      new Trainer.Options(4, 16, 40, 3e-3f, 5, 0.01f, 1f, 7);

  private static int[] tokens() {
    int[] tokens = new int[400];
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = 1 + (i * i + i / 7) % 11;
    }
    return tokens;
  }

  private static List<Double> train(Decoder model) {
    List<Double> losses = new ArrayList<>();
    new Trainer(model, OPTIONS).run(tokens(), (step, loss) -> losses.add(loss));
    return losses;
  }

  @Test
  void theLossOfAPatternFallsBelowThatOfGuessing() {
    List<Double> losses = train(TinyModel.load());
    assertEquals(40, losses.size());
    assertTrue(losses.getLast() < Math.log(11), losses.toString());
    assertTrue(losses.getLast() < 0.6 * losses.getFirst(), losses.toString());
  }

  @Test
  void theSameSeedGivesTheSameWeightsForAnyThreadCount() {
    Decoder one = TinyModel.load();
    Decoder many = TinyModel.load();
    assertEquals(Parallel.limited(1, () -> train(one)), train(many));
    List<Tensor> a = new ArrayList<>();
    List<Tensor> b = new ArrayList<>();
    one.forEachTensor((name, t) -> a.add(t));
    many.forEachTensor((name, t) -> b.add(t));
    for (int i = 0; i < a.size(); i++) {
      assertArrayEquals(a.get(i).data(), b.get(i).data());
    }
  }

  @Test
  void adamMovesAgainstTheGradientAndDecaysMatricesOnly() {
    Tensor matrix = Tensor.of(new float[] {1f}, 1, 1);
    Tensor vector = Tensor.of(new float[] {1f}, 1);
    AdamW adam = new AdamW(List.of(matrix, vector), 0.5f);
    adam.step(List.of(Tensor.zeros(1, 1), Tensor.zeros(1)), 0.1f, 1f);
    assertEquals(0.95f, matrix.data()[0], 1e-6f);
    assertEquals(1f, vector.data()[0]);
    adam.step(
        List.of(Tensor.of(new float[] {3f}, 1, 1), Tensor.of(new float[] {-3f}, 1)), 0.1f, 1f);
    assertTrue(matrix.data()[0] < 0.9025f);
    assertTrue(vector.data()[0] > 1f);
  }

  @Test
  void tooFewTokensAreRefused() {
    Trainer trainer = new Trainer(TinyModel.load(), OPTIONS);
    assertThrows(
        IllegalArgumentException.class, () -> trainer.run(new int[10], (step, loss) -> {}));
  }
}

package dev.ashlar.nn.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.nn.runner.Runner;
import dev.ashlar.nn.runner.SequenceCache;
import dev.ashlar.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/** Generation over a runner that only counts. */
class GeneratorTest {
  private static final int VOCAB = 97;
  private static final int[] PROMPT = {5, 17, 3, 50, 44, 91, 8, 8};

  /** Says for each token the next number; remembers the tokens that it was fed. */
  private static final class Counting implements Runner {
    private final List<int[]> fed = new ArrayList<>();

    @Override
    public int dim() {
      return 1;
    }

    @Override
    public int vocab() {
      return VOCAB;
    }

    @Override
    public SequenceCache newCache() {
      return new Length(0);
    }

    @Override
    public Tensor hidden(List<Part> batch, BooleanSupplier cancelled) {
      Part part = batch.getFirst();
      if (cancelled.getAsBoolean()) {
        throw new CancellationException();
      }
      for (int id : part.ids()) {
        if (id < 0 || id >= VOCAB) {
          throw new IllegalArgumentException("token " + id);
        }
      }
      fed.add(part.ids());
      ((Length) part.cache()).length += part.ids().length;
      Tensor hidden = Tensor.zeros(part.ids().length, 1);
      for (int i = 0; i < part.ids().length; i++) {
        hidden.data()[i] = part.ids()[i];
      }
      return hidden;
    }

    @Override
    public Tensor head(Tensor hidden) {
      Tensor logits = Tensor.zeros(hidden.rows(), VOCAB);
      for (int i = 0; i < hidden.rows(); i++) {
        logits.data()[i * VOCAB + ((int) hidden.data()[i] + 1) % VOCAB] = 1;
      }
      return logits;
    }

    private int tokensFed() {
      return fed.stream().mapToInt(ids -> ids.length).sum();
    }
  }

  private static final class Length implements SequenceCache {
    private int length;

    private Length(int length) {
      this.length = length;
    }

    @Override
    public int length() {
      return length;
    }

    @Override
    public void truncate(int length) {
      assertTrue(length >= 0 && length <= this.length);
      this.length = length;
    }

    @Override
    public SequenceCache fork() {
      return new Length(length);
    }

    @Override
    public long byteSize() {
      return length;
    }

    @Override
    public void close() {}
  }

  private final Counting runner = new Counting();
  private final Generator generator = new Generator(runner, Sampler.greedy());

  @Test
  void itEndsByLimitStopTokenAndListener() {
    Generator.Result all = generator.generate(PROMPT, 4, Set.of(), t -> true);
    assertEquals(List.of(9, 10, 11, 12), all.tokens());
    assertEquals(Generator.End.LIMIT, all.end());
    assertEquals(PROMPT.length, all.promptTokens());
    Generator.Result stopped = generator.generate(PROMPT, 12, Set.of(11), t -> true);
    assertEquals(Generator.End.STOP_TOKEN, stopped.end());
    assertEquals(List.of(9, 10), stopped.tokens());
    Generator.Result interrupted = generator.generate(PROMPT, 12, Set.of(), t -> t < 10);
    assertEquals(Generator.End.LISTENER, interrupted.end());
    assertEquals(List.of(9, 10), interrupted.tokens());
  }

  @Test
  void aLaterPromptIsReadFromWhereItDiffers() {
    generator.generate(PROMPT, 4, Set.of(), t -> true);
    assertEquals(1, generator.generate(PROMPT, 4, Set.of(), t -> true).promptTokens());
    int[] longer = Arrays.copyOf(PROMPT, PROMPT.length + 3);
    longer[8] = 9;
    longer[9] = 10;
    longer[10] = 60;
    assertEquals(1, generator.generate(longer, 1, Set.of(), t -> true).promptTokens());
    longer[4]++;
    assertEquals(7, generator.generate(longer, 1, Set.of(), t -> true).promptTokens());
    generator.clear();
    assertEquals(11, generator.generate(longer, 1, Set.of(), t -> true).promptTokens());
  }

  @Test
  void aLongPromptIsReadInPiecesAndCanBeCancelledBetweenThem() {
    int[] prompt = new int[1300];
    Arrays.setAll(prompt, i -> i * 7 % VOCAB);
    int[] asked = new int[1];
    Generator.Result cancelled =
        generator.generate(prompt, 5, Set.of(), t -> true, () -> asked[0]++ == 2);
    assertEquals(Generator.End.CANCELLED, cancelled.end());
    assertEquals(List.of(), cancelled.tokens());
    assertEquals(1024, cancelled.promptTokens());
    assertEquals(0, cancelled.decodeNanos());
    Generator.Result rest = generator.generate(prompt, 1, Set.of(), t -> true, () -> false);
    assertEquals(276, rest.promptTokens());
    assertEquals(1300, runner.tokensFed());
    assertEquals(List.of(512, 512, 276), runner.fed.stream().map(ids -> ids.length).toList());
  }

  @Test
  void cancelledBetweenTokensItKeepsThoseItHas() {
    int[] told = new int[1];
    Generator.Result r =
        generator.generate(PROMPT, 9, Set.of(), t -> ++told[0] > 0, () -> told[0] == 3);
    assertEquals(Generator.End.CANCELLED, r.end());
    assertEquals(List.of(9, 10, 11), r.tokens());
    assertEquals(1, generator.generate(PROMPT, 4, Set.of(), t -> true).promptTokens());
  }

  @Test
  void itEndsWhereTheContextDoes() {
    Generator bounded = new Generator(runner, Sampler.greedy(), PROMPT.length + 3);
    Generator.Result full = bounded.generate(PROMPT, 100, Set.of(), t -> true);
    assertEquals(Generator.End.CONTEXT, full.end());
    assertEquals(List.of(9, 10, 11), full.tokens());
    // What was asked for is all there, and a stop token is one that comes before the end.
    assertEquals(Generator.End.LIMIT, bounded.generate(PROMPT, 3, Set.of(), t -> true).end());
    assertEquals(
        Generator.End.STOP_TOKEN, bounded.generate(PROMPT, 9, Set.of(11), t -> true).end());
    int[] longer = Arrays.copyOf(PROMPT, PROMPT.length + 3);
    Generator.Result none = bounded.generate(longer, 1, Set.of(), t -> true);
    assertEquals(Generator.End.CONTEXT, none.end());
    assertEquals(List.of(), none.tokens());
  }

  @Test
  void whatMakesNoSenseIsRefused() {
    assertThrows(
        IllegalArgumentException.class,
        () -> generator.generate(new int[0], 1, Set.of(), t -> true));
    assertThrows(
        IllegalArgumentException.class, () -> generator.generate(PROMPT, 0, Set.of(), t -> true));
    assertThrows(
        IllegalArgumentException.class,
        () -> generator.generate(new int[] {VOCAB}, 1, Set.of(), t -> true));
  }
}

package dev.ashlar.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.decoder.InferenceOptions;
import dev.ashlar.nn.decoder.LastBlocks;
import dev.ashlar.nn.runner.Runner.Part;
import dev.ashlar.nn.runner.SequenceCache;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kv.KvPrecision;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A decoder in two parts is the decoder, wherever it is cut. */
class LastBlocksTest {
  private static final int LENGTH = 70;

  @ParameterizedTest
  @ValueSource(strings = {"llama", "gpt2_scale_by_layer", "mixtral", "opt_350m_style"})
  void partsAreTheWhole(String name) {
    try (Altered source = new Altered(name)) {
      Decoder decoder = Architectures.load(source);
      int[] ids = new int[Math.min(LENGTH, decoder.spec().maxPositions())];
      Arrays.setAll(ids, i -> (i * 37 + 11) % decoder.spec().vocab());
      BlockContext whole = BlockContext.of(1, ids.length);
      for (int first = 0; first <= decoder.blockCount(); first++) {
        boolean withHead = first % 2 == 0;
        Decoder last =
            Decoder.loadPacked(
                decoder.spec(),
                source,
                Backends.chosen(),
                InferenceOptions.defaults(),
                first,
                withHead);
        LastBlocks rest = last.lastBlocks(first, KvPrecision.F32);
        SequenceCache cache = rest.newCache();
        Tensor x = rest.embed(List.of(Part.of(cache, ids))).copy();
        assertEquals(0, cache.length());
        Tape tape = Tape.off(decoder.backend());
        for (int i = 0; i < first; i++) {
          x = decoder.block(i).forward(x, whole, tape);
        }
        Tensor logits = decoder.head(decoder.hidden(ids, whole, tape), tape);
        int from = 0;
        for (int to : new int[] {ids.length / 2, ids.length / 2 + 1, ids.length}) {
          Part part = Part.of(cache, Arrays.copyOfRange(ids, from, to));
          Tensor rows = rows(x, from, to);
          if (first < decoder.blockCount()) {
            assertThrows(
                CancellationException.class, () -> rest.hidden(List.of(part), rows, () -> true));
            assertEquals(from, cache.length());
          }
          Tensor hidden = rest.hidden(List.of(part), rows, () -> false);
          if (first == decoder.blockCount()) {
            assertSame(rows, hidden);
          }
          assertEquals(to, cache.length());
          Fixtures.close(
              name + " cut at " + first,
              rows(logits, from, to),
              rest.head(hidden),
              null,
              5e-5,
              1e-4);
          from = to;
        }
      }
    }
  }

  private static Tensor rows(Tensor x, int from, int to) {
    int dim = x.dim(-1);
    return Tensor.of(Arrays.copyOfRange(x.data(), from * dim, to * dim), to - from, dim);
  }
}

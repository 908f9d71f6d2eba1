package dev.ashlar.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.Block;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.decoder.KvCache;
import dev.ashlar.nn.generate.Generator;
import dev.ashlar.nn.generate.Sampler;
import dev.ashlar.nn.layer.DenseWeight;
import dev.ashlar.nn.layer.PackedWeight;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.Activations;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedTensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The seams of a decoder, on a copied fixture. */
class DecoderTest {
  private static final int[] IDS = {5, 17, 3, 200, 44, 91, 8, 8};

  private Altered source;
  private Decoder decoder;

  @BeforeEach
  void open() {
    source = new Altered("llama");
    decoder = Architectures.load(source);
  }

  @AfterEach
  void close() {
    source.close();
  }

  private static float[] logits(Decoder d) {
    return d.forward(IDS, BlockContext.of(1, IDS.length), Tape.off()).copy().data();
  }

  @Test
  void mapWeightsOffersEveryLinearMapInOrderOfUseAndChangesNothing() {
    float[] before = logits(decoder);
    List<String> names = new ArrayList<>();
    Decoder zeroed =
        decoder.mapWeights(
            (name, w) -> {
              names.add(name);
              return new DenseWeight(Tensor.zeros(w.out(), w.in()));
            });
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      for (String n :
          "self_attn.q_proj self_attn.k_proj self_attn.v_proj self_attn.o_proj"
              .concat(" mlp.gate_proj mlp.up_proj mlp.down_proj")
              .split(" ")) {
        expected.add("model.layers." + i + "." + n);
      }
    }
    expected.add("lm_head");
    assertEquals(expected, names);
    assertArrayEquals(new float[before.length], logits(zeroed));
    assertArrayEquals(before, logits(decoder));
  }

  @Test
  void aWeightOfAnotherShapeIsRefused() {
    assertThrows(
        IllegalArgumentException.class,
        () -> decoder.block(0).mapWeights((n, w) -> new DenseWeight(Tensor.zeros(w.in() + 1, 3))));
  }

  @Test
  void loadedBlocksAreFreshAndKeptBlocksAreNot() {
    assertSame(decoder.block(1), decoder.block(1));
    Block fresh = decoder.loadBlock(1);
    assertNotSame(fresh, decoder.loadBlock(1));
    assertEquals("model.layers.1", fresh.name());
    assertEquals(1, fresh.index());
    Decoder other = decoder.withBlocks(List.of(decoder.block(0), fresh));
    assertArrayEquals(logits(decoder), logits(other));
    assertThrows(IllegalArgumentException.class, () -> decoder.withBlocks(List.of(fresh)));
  }

  @Test
  void forEachTensorGivesEveryTensorOfTheCheckpointOnce() {
    Set<String> names = new LinkedHashSet<>();
    decoder.forEachTensor((name, t) -> assertTrue(names.add(name), name));
    assertEquals(source.names(), names);
  }

  @Test
  void bareCheckpointsAreReadWithoutThePrefix() {
    Altered bare = new Altered("llama");
    for (String name : source.names()) {
      if (name.startsWith("model.")) {
        bare.with(name.substring("model.".length()), source.tensor(name).toTensor());
        bare.without(name);
      }
    }
    assertArrayEquals(logits(decoder), logits(Architectures.load(bare)));
    bare.close();
  }

  @Test
  void aPackedWeightComputesLikeItsValuesAndLetsNoGradientThrough() {
    QuantScheme scheme = new QuantScheme(4, 32, true);
    String module = "model.layers.1.mlp.gate_proj";
    QuantizedTensor q = quantized(96, 64, scheme);
    Tensor dense = q.dequantize();
    Decoder plain = Architectures.load(new Altered("llama").with(module + ".weight", dense));
    Decoder packed = Architectures.load(new Altered("llama").packed(module, q));
    float[] expected = logits(plain);
    float[] found = logits(packed);
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], found[i], 1e-4);
    }
    Weight w = new PackedWeight(q.matrix(), Backends.chosen(), Activations.FLOAT);
    Tape tape = Tape.recording();
    Tensor x = Tensor.zeros(2, 64);
    tape.watch(x);
    assertThrows(IllegalStateException.class, () -> w.multiply(x, tape));
    assertThrows(IllegalArgumentException.class, () -> w.multiply(Tensor.zeros(2, 65), Tape.off()));
  }

  private static QuantizedTensor quantized(int out, int in, QuantScheme scheme) {
    byte[] codes = new byte[out * in];
    float[] scales = new float[out * scheme.groups(in)];
    byte[] zeros = new byte[scales.length];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) (i * 7 % 16);
    }
    for (int i = 0; i < scales.length; i++) {
      scales[i] = (i % 2 == 0 ? 1 : -1) * (0.01f + 0.001f * (i % 5));
      zeros[i] = 8;
    }
    return new QuantizedTensor(out, in, scheme, codes, scales, zeros);
  }

  @Test
  void aCacheGrowsAndIsReadInPlace() {
    int length = 150;
    int[] ids = new int[length];
    for (int i = 0; i < length; i++) {
      ids[i] = (i * 37 + 11) % 256;
    }
    float[] whole = decoder.forward(ids, BlockContext.of(1, length), Tape.off()).copy().data();
    KvCache cache = new KvCache(1, 2);
    Tape tape = Tape.off();
    int vocab = decoder.spec().vocab();
    for (int at = 0; at < length; ) {
      int n = Math.min(at == 0 ? 7 : at % 13 == 0 ? 20 : 1, length - at);
      int[] piece = Arrays.copyOfRange(ids, at, at + n);
      Tensor y = decoder.forward(piece, BlockContext.of(1, n).withCache(cache), tape);
      for (int i = 0; i < n * vocab; i++) {
        assertEquals(whole[at * vocab + i], y.data()[i], 1e-4, "logit after token " + at);
      }
      tape.release(0, null);
      at += n;
      assertEquals(at, cache.length());
    }
    assertThrows(IllegalArgumentException.class, () -> cache.truncate(length + 1));
    cache.truncate(140);
    int[] again = Arrays.copyOfRange(ids, 140, length);
    Tensor y = decoder.forward(again, BlockContext.of(1, 10).withCache(cache), tape);
    assertEquals(whole[length * vocab - 1], y.data()[10 * vocab - 1], 1e-4);
  }

  /** Fed piece by piece over several growths, a narrow cache stays within its rounding. */
  @ParameterizedTest
  @EnumSource(KvCache.Precision.class)
  void aNarrowCacheRounds(KvCache.Precision precision) {
    int length = 150;
    int[] ids = new int[length];
    Arrays.setAll(ids, i -> (i * 37 + 11) % 256);
    float[] whole = decoder.forward(ids, BlockContext.of(1, length), Tape.off()).copy().data();
    KvCache cache = new KvCache(1, 2, precision);
    Tape tape = Tape.off();
    int vocab = decoder.spec().vocab();
    float largest = 0;
    for (float logit : whole) {
      largest = Math.max(largest, Math.abs(logit));
    }
    double bound =
        switch (precision) {
          case F32 -> 1e-5;
          case F16 -> 2e-3;
          case INT8 -> 2e-2;
        };
    for (int at = 0, n; at < length; at += n) {
      n = at == 0 ? 70 : 1;
      int[] piece = Arrays.copyOfRange(ids, at, at + n);
      Tensor y = decoder.forward(piece, BlockContext.of(1, n).withCache(cache), tape);
      for (int i = 0; i < n * vocab; i++) {
        assertEquals(whole[at * vocab + i], y.data()[i], bound * largest, "after token " + at);
      }
      tape.release(0, null);
    }
    long floats = fed(ids, KvCache.Precision.F32).byteSize();
    long bytes = fed(ids, precision).byteSize();
    assertTrue(precision == KvCache.Precision.F32 || 1.9 * bytes <= floats, "bytes " + bytes);
  }

  private KvCache fed(int[] ids, KvCache.Precision precision) {
    KvCache cache = new KvCache(1, 2, precision);
    BlockContext context = BlockContext.of(1, ids.length).withCache(cache);
    decoder.forward(ids, context, Tape.off());
    return cache;
  }

  @Test
  void aDecodeStepTakesNoNewBuffers() {
    KvCache cache = new KvCache(1, 2);
    Tape tape = Tape.off();
    decoder.forward(IDS, BlockContext.of(1, IDS.length).withCache(cache), tape);
    tape.release(0, null);
    int[] one = {7};
    float[] first = step(one, cache, tape);
    assertSame(first, step(one, cache, tape));
  }

  private float[] step(int[] ids, KvCache cache, Tape tape) {
    float[] data = decoder.forward(ids, BlockContext.of(1, 1).withCache(cache), tape).data();
    tape.release(0, null);
    return data;
  }

  @Test
  void theGeneratorStopsAndContinuesFromItsCache() {
    Generator fresh = new Generator(decoder, Sampler.greedy());
    List<Integer> all = fresh.generate(IDS, 12, Set.of(), t -> true).tokens();
    assertEquals(12, all.size());
    Generator.Result stopped = fresh.generate(IDS, 12, Set.of(all.get(4)), t -> true);
    assertEquals(Generator.End.STOP_TOKEN, stopped.end());
    assertEquals(all.subList(0, all.indexOf(all.get(4))), stopped.tokens());
    assertEquals(1, stopped.promptTokens());
    Generator.Result interrupted = fresh.generate(IDS, 12, Set.of(), t -> false);
    assertEquals(Generator.End.LISTENER, interrupted.end());
    assertEquals(all.subList(0, 1), interrupted.tokens());
    int[] longer = Arrays.copyOf(IDS, IDS.length + 3);
    for (int i = 0; i < 3; i++) {
      longer[IDS.length + i] = all.get(i);
    }
    Generator.Result continued = fresh.generate(longer, 9, Set.of(), t -> true);
    assertEquals(all.subList(3, 12), continued.tokens());
    assertThrows(
        IllegalArgumentException.class, () -> fresh.generate(new int[0], 1, Set.of(), t -> true));
    assertThrows(
        IllegalArgumentException.class,
        () -> fresh.generate(new int[] {256}, 1, Set.of(), t -> true));
  }
}

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
import dev.ashlar.nn.generate.Generator;
import dev.ashlar.nn.generate.Sampler;
import dev.ashlar.nn.layer.DenseWeight;
import dev.ashlar.nn.layer.PackedWeight;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.ActivationPrecision;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kv.KvPrecision;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The seams of a decoder, on a copied fixture. */
class DecoderTest {
  private static final int[] IDS = {5, 17, 3, 200, 44, 91, 8, 8};

  private Altered source;
  private Decoder decoder;

  @BeforeEach
  void open() {
    source = new Altered("llama");
    decoder = Architectures.loadTrained(source);
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
    IntegerGrid scheme = new IntegerGrid(4, 32, true);
    String module = "model.layers.1.mlp.gate_proj";
    QuantizedMatrix q = quantized(96, 64, scheme);
    Tensor dense = q.dequantize();
    Decoder plain = Architectures.load(new Altered("llama").with(module + ".weight", dense));
    Decoder packed = Architectures.load(new Altered("llama").packed(module, q));
    float[] expected = logits(plain);
    float[] found = logits(packed);
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], found[i], 1e-4);
    }
    Weight w = new PackedWeight(q, Backends.chosen(), ActivationPrecision.FLOAT);
    Tape tape = Tape.recording();
    Tensor x = Tensor.zeros(2, 64);
    tape.watch(x);
    assertThrows(IllegalStateException.class, () -> w.multiply(x, tape));
    assertThrows(IllegalArgumentException.class, () -> w.multiply(Tensor.zeros(2, 65), Tape.off()));
  }

  private static QuantizedMatrix quantized(int out, int in, IntegerGrid scheme) {
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
    return new QuantizedMatrix(out, in, scheme, codes, scales, zeros);
  }

  @Test
  void theGeneratorStopsAndContinuesFromItsCache() {
    Generator fresh = new Generator(decoder.runner(KvPrecision.F32), Sampler.greedy());
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

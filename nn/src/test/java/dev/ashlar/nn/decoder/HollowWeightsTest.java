package dev.ashlar.nn.decoder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kv.KvPrecision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Blocks of every family run with nothing in their linear maps, as the warm-up runs them. */
class HollowWeightsTest {
  private static final int BEHIND = 5;

  @TestFactory
  Stream<DynamicTest> blocksOfEveryFamily() throws Exception {
    return Stream.of("/models", "/multimodal")
        .flatMap(HollowWeightsTest::folders)
        .map(f -> dynamicTest(f.getFileName().toString(), () -> run(f)));
  }

  private static Stream<Path> folders(String root) {
    try (Stream<Path> all =
        Files.list(Path.of(HollowWeightsTest.class.getResource(root).toURI()))) {
      return all.filter(p -> Files.exists(p.resolve("config.json"))).sorted().toList().stream();
    } catch (IOException | java.net.URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void run(Path folder) {
    try (Checkpoint checkpoint = Checkpoints.open(folder)) {
      DecoderSpec spec = Architectures.spec(checkpoint);
      for (BlockSpec block : spec.blocks()) {
        for (BlockSpec b : List.of(block, NarrowBlock.of(block))) {
          forward(b, spec.dim(), 1);
          forward(b, spec.dim(), 3);
        }
      }
    }
  }

  private static void forward(BlockSpec spec, int dim, int tokens) {
    HollowWeights weights = new HollowWeights(Backends.chosen());
    DecoderBlock block = DecoderBlock.load(0, spec, weights, new Rotaries());
    KvCache cache = new KvCache(new KvPool(List.of(spec), KvPrecision.F32, 16));
    cache.reserve(BEHIND);
    cache.advance(BEHIND);
    KvCache[] caches = {cache};
    Tape tape = Tape.off(weights.backend());
    for (int i = 0; i < 2; i++) {
      BlockContext context =
          BlockContext.continuing(caches, new int[] {tokens}, new int[] {BEHIND + tokens});
      Tensor y = block.forward(Tensor.zeros(tokens, dim), context, tape);
      assertEquals(Shape.of(tokens, dim), y.shape());
      assertTrue(weights.floats() > 2L * tokens * dim, "maps were asked");
      tape.release(0, null);
    }
    assertEquals(0, weights.floats(), "counted once");
    assertEquals(BEHIND, cache.length());
  }
}

package dev.ashlar.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import dev.ashlar.tensor.weights.WeightSource;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** What a family's spec says of its tensors is what loading reads, no more and no less. */
class TensorNamesTest {
  @TestFactory
  Stream<DynamicTest> families() {
    return Stream.concat(
            Fixtures.folders(Fixtures.copied("models")).stream(),
            Fixtures.folders(Fixtures.shared("models")).stream())
        .map(f -> dynamicTest(f.getFileName().toString(), () -> check(f)));
  }

  private static void check(Path folder) {
    try (Checkpoint source = Checkpoints.open(folder)) {
      Noting noting = new Noting(source, ConcurrentHashMap.newKeySet());
      DecoderSpec spec = Architectures.spec(source);
      Decoder decoder = Architectures.load(noting);
      for (int i = 0; i < decoder.blockCount(); i++) {
        decoder.loadBlock(i);
      }
      Set<String> unread = new TreeSet<>(source.names());
      unread.removeAll(noting.read());
      if (decoder.tiedHead()) {
        unread.removeIf(name -> name.startsWith(spec.head().output().name() + "."));
      }
      assertEquals(unread, new TreeSet<>(spec.others(source)));
    }
  }

  /** Remembers which tensors were read. */
  private record Noting(WeightSource source, Set<String> read) implements WeightSource {
    @Override
    public StoredTensor tensor(String name) {
      read.add(name);
      return source.tensor(name);
    }

    @Override
    public String description() {
      return source.description();
    }

    @Override
    public Map<String, Object> config() {
      return source.config();
    }

    @Override
    public Set<String> names() {
      return source.names();
    }

    @Override
    public Optional<StoredTensor> find(String name) {
      return source.find(name);
    }

    @Override
    public Set<String> quantizedNames() {
      return source.quantizedNames();
    }

    @Override
    public Optional<QuantizedMatrix> quantized(String module) {
      return source.quantized(module);
    }

    @Override
    public RuntimeException fault(String tensor, String expected, String found, String hint) {
      return source.fault(tensor, expected, found, hint);
    }

    @Override
    public void close() {
      // The source belongs to whoever opened it.
    }
  }
}

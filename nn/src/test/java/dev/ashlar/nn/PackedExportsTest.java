package dev.ashlar.nn;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.safetensors.SafetensorsFile;
import dev.ashlar.io.InputException;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.quant.ActivationScheme;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import org.opentest4j.TestAbortedException;

/** The peers' own packed checkpoints give the logits that the peers recorded. */
class PackedExportsTest {
  private static final double ATOL = 5e-5;
  private static final double RTOL = 1e-4;
  private static final double ROUNDED = 2e-2;

  @TestFactory
  Stream<DynamicNode> exports() {
    Path root = Fixtures.shared("autoround/exports");
    if (!Files.isDirectory(root)) {
      return Stream.of(
          dynamicTest("exports", () -> Assumptions.abort("skipped: no shared exports")));
    }
    return list(root).stream()
        .filter(Files::isDirectory)
        .flatMap(run -> Fixtures.folders(run).stream())
        .map(
            folder ->
                dynamicTest(
                    root.relativize(folder).toString(), () -> logits(folder.getParent(), folder)));
  }

  private static List<Path> list(Path folder) {
    try (Stream<Path> all = Files.list(folder)) {
      return all.sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void logits(Path run, Path folder) {
    // A format whose values differ from the peer's fake-quantized ones has an expectation of its
    // own.
    Path own = folder.resolve("expected.safetensors");
    Path expectation = Files.exists(own) ? own : run.resolve("expected.safetensors");
    try (Checkpoint checkpoint = open(folder);
        SafetensorsFile expected = SafetensorsFile.open(expectation);
        SafetensorsFile inputs = SafetensorsFile.open(run.resolve("expected.safetensors"))) {
      Assumptions.assumeFalse(
          checkpoint.quantizedNames().isEmpty(), "skipped: nothing in it is read as packed");
      Decoder decoder = Architectures.load(checkpoint);
      int[] ids = Fixtures.ints(inputs, "input_ids");
      int batch = (int) inputs.tensor("input_ids").shape().dim(0);
      Tensor logits = decoder.forward(ids, BlockContext.of(batch, ids.length / batch), Tape.off());
      boolean rounding =
          checkpoint.quantizedNames().stream()
              .anyMatch(n -> checkpoint.quantized(n).orElseThrow().inputs().isPresent());
      if (rounding) {
        compareRounded(checkpoint, inputs, logits);
        return;
      }
      Tensor recorded = expected.tensor("logits").toTensor();
      // Tied models have logits of size 7: sums of that size carry float rounding of that size.
      double atol = ATOL * Math.max(1, rootMeanSquare(recorded));
      Fixtures.close("logits", recorded, logits, null, atol, RTOL);
    }
  }

  /**
   * Small floats are rounded by one rule. Of bytes the peer takes a scale in float16 and one code
   * more; inference elsewhere does not, so that only the size of what rounding does is the same.
   * The same holds where files fix scales: the peer's own forward leaves what it recorded of the
   * data aside and takes the largest of the prompt.
   */
  private static void compareRounded(
      Checkpoint checkpoint, SafetensorsFile expected, Tensor logits) {
    Tensor rounded = expected.tensor("logits_act_quant").toTensor();
    boolean floats =
        checkpoint.quantizedNames().stream()
            .map(n -> checkpoint.quantized(n).orElseThrow().inputs().orElseThrow().element())
            .allMatch(ActivationScheme.Element.Floats.class::isInstance);
    boolean fixed =
        checkpoint.quantizedNames().stream()
            .anyMatch(n -> checkpoint.quantized(n).orElseThrow().inputs().get().needsLargest());
    if (floats && !fixed) {
      Fixtures.close("logits of rounded inputs", rounded, logits, null, ROUNDED, 0);
      return;
    }
    Tensor exact = expected.tensor("logits").toTensor();
    double peers = distance(rounded, exact);
    double own = distance(logits, exact);
    assertTrue(own <= 1.2 * peers && own >= 0.5 * peers, own + " beside the peer's " + peers);
  }

  private static double distance(Tensor a, Tensor b) {
    double squares = 0;
    for (int i = 0; i < a.size(); i++) {
      squares += Math.pow(a.data()[i] - b.data()[i], 2);
    }
    return Math.sqrt(squares / a.size());
  }

  private static double rootMeanSquare(Tensor t) {
    double squares = 0;
    for (int i = 0; i < t.size(); i++) {
      squares += (double) t.data()[i] * t.data()[i];
    }
    return Math.sqrt(squares / t.size());
  }

  private static Checkpoint open(Path folder) {
    try {
      return Checkpoints.open(folder);
    } catch (InputException e) {
      throw new TestAbortedException("skipped: not a format that can be read: " + e.getMessage());
    }
  }
}

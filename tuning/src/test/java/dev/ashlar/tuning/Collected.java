package dev.ashlar.tuning;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.method.UnitResult;
import dev.ashlar.tuning.work.RecordBytes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Everything that a run hands on.
 *
 * @param names of layers and tensors, in the order in which they came
 */
public record Collected(
    List<String> names, Map<String, QuantizedMatrix> layers, Map<String, Tensor> tensors)
    implements LayerSink {
  /** Nothing yet. */
  public Collected() {
    this(new ArrayList<>(), new LinkedHashMap<>(), new LinkedHashMap<>());
  }

  @Override
  public void quantized(String module, QuantizedMatrix matrix) {
    names.add(module);
    layers.put(module, matrix);
  }

  @Override
  public void changed(String name, Tensor tensor) {
    names.add(name);
    tensors.put(name, tensor);
  }

  /** The same as the result of a unit. */
  public UnitResult result() {
    return UnitResult.of(layers).withTensors(tensors);
  }

  /** Requires the same in the same order, bit by bit. */
  public void assertSame(Collected other) {
    assertEquals(names, other.names);
    layers.forEach(
        (name, q) ->
            assertArrayEquals(RecordBytes.of(q), RecordBytes.of(other.layers.get(name)), name));
    tensors.forEach((name, t) -> assertArrayEquals(t.data(), other.tensors.get(name).data(), name));
  }
}

package dev.ashlar.tensor.weights;

import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The reading end of a checkpoint: its configuration and its tensors by name. This is all that
 * models know of files.
 *
 * <p>Names and configuration keys are those of Hugging Face checkpoints whatever the container
 * ({@code model.layers.0.self_attn.q_proj.weight}, {@code hidden_size}).
 */
public interface WeightSource extends AutoCloseable {
  /** What to call the checkpoint in messages: usually its path. */
  String description();

  /**
   * The model's configuration as plain maps, lists, strings, numbers and booleans, as in {@code
   * config.json}.
   */
  Map<String, Object> config();

  /** Names of all float or integer tensors, in a stable order; packed parts are not among them. */
  Set<String> names();

  /** The tensor of that name, or empty. */
  Optional<StoredTensor> find(String name);

  /** Module names (without {@code .weight}) of all linear maps that are stored packed. */
  Set<String> quantizedNames();

  /**
   * The packed linear map of that module name (for example {@code
   * model.layers.0.self_attn.q_proj}), or empty if it is stored dense.
   */
  Optional<QuantizedMatrix> quantized(String module);

  /** The extents {@code [out, in]} of the packed linear map of that module name, or empty. */
  default Optional<Shape> quantizedShape(String module) {
    return quantized(module).map(q -> Shape.of(q.out(), q.in()));
  }

  /**
   * The tensor of that name.
   *
   * @throws RuntimeException the source's own exception, naming the tensor, if it is missing
   */
  StoredTensor tensor(String name);

  /**
   * The source's own input exception, for a fault that only the reader of the model can see (a
   * missing key, a shape that contradicts the configuration).
   *
   * @param tensor the tensor or configuration key it is about
   * @param expected what was needed
   * @param found what is there
   * @param hint what to do, or empty
   */
  RuntimeException fault(String tensor, String expected, String found, String hint);

  /**
   * Takes down what a reader decided where the source's statements contradict each other, so that
   * whoever opened it is told once; a source that nobody listens to does nothing.
   *
   * @param kind what is one and the same decision
   * @param sentence what was decided, and why
   */
  default void note(String kind, String sentence) {}

  @Override
  void close();
}

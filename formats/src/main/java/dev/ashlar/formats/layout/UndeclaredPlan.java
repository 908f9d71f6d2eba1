package dev.ashlar.formats.layout;

import dev.ashlar.formats.checkpoint.CheckpointNotes;
import dev.ashlar.formats.checkpoint.StoredTensors;
import dev.ashlar.io.InputException;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.weights.StoredTensor;
import java.util.Optional;

/**
 * Recognises packed tensors without any configuration by their shapes (docs/formats.md, Which
 * layers are packed): as many columns of {@code qweight} as outputs mean GPTQ, an eighth of them
 * AWQ.
 */
final class UndeclaredPlan {
  private static final String MARKER = ".qweight";

  private UndeclaredPlan() {}

  /** The plan for all packed tensors, judged by the first; empty if there is none. */
  static Optional<PackedPlan> detect(String file, StoredTensors tensors, CheckpointNotes notes) {
    for (String name : tensors.names()) {
      if (name.endsWith(MARKER)) {
        String module = name.substring(0, name.length() - MARKER.length());
        StoredTensor qweight = tensors.find(name).orElseThrow();
        StoredTensor qzeros = tensors.find(module + ".qzeros").orElse(null);
        StoredTensor scales = tensors.find(module + ".scales").orElse(null);
        if (qzeros != null && scales != null) {
          PackedPlan plan = plan(file, qweight, qzeros.shape(), scales.shape());
          notes.tell(
              "undeclared",
              "no quantization configuration; by its shapes "
                  + module
                  + " is in layout "
                  + plan.layout(module).name());
          return Optional.of(plan);
        }
      }
    }
    return Optional.empty();
  }

  private static PackedPlan plan(String file, StoredTensor qweight, Shape qzeros, Shape scales) {
    if (qweight.shape().rank() == 2 && qzeros.rank() == 2 && scales.rank() == 2) {
      long columns = qweight.shape().dim(1);
      long out = scales.dim(1);
      if (columns == out && out > 0 && scales.dim(0) > 0) {
        long bits = qzeros.dim(1) * 32 / out;
        if (bits <= 8 && GptqLayout.supportsBits((int) bits)) {
          long in = qweight.shape().dim(0) * 32 / bits;
          return plan(Layouts.GPTQ, (int) bits, in, scales.dim(0));
        }
      } else if (columns * 8 == out && scales.dim(0) > 0) {
        return plan(Layouts.AWQ, 4, qweight.shape().dim(0), scales.dim(0));
      }
    }
    throw InputException.in(file)
        .place(qweight.name())
        .expected("the shapes of the GPTQ or AWQ layout")
        .found(qweight.shape() + " with scales " + scales)
        .hint("there is no quantization_config that would say what they mean")
        .exception();
  }

  private static PackedPlan plan(PackedLayout layout, int bits, long in, long groups) {
    long size = in % groups == 0 && in / groups <= Integer.MAX_VALUE ? in / groups : -1;
    int group = groups == 1 || size < 1 ? -1 : (int) size;
    // Symmetric as the assumption: the zeros themselves then decide between conventions.
    return new RuledPlan(layout, new LayerRules(new IntegerGrid(bits, group, true)));
  }
}

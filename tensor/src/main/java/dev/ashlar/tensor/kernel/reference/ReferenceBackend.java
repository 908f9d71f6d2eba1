package dev.ashlar.tensor.kernel.reference;

import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.KernelSet;

/** The naive kernels, gathered. */
public final class ReferenceBackend {
  public static final Backend INSTANCE =
      new KernelSet(
          "reference",
          "naive loops, sums in double",
          new ReferenceMatMul(),
          new ReferenceElementwise(),
          new ReferenceNorm(),
          new ReferenceSoftmax(),
          new ReferenceActivation(),
          new ReferenceRotary(),
          new ReferenceAttention(),
          new ReferenceLoss(),
          new ReferenceFakeQuant(),
          new ReferenceFloatFakeQuant(),
          new ReferenceGridError(),
          new ReferenceGridSums(),
          new ReferencePacked(),
          new ReferenceConversion(),
          new ReferenceProbe());

  private ReferenceBackend() {}
}

package dev.ashlar.tensor.kernel.vector;

import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.KernelSet;
import dev.ashlar.tensor.kernel.reference.ReferenceBackend;
import dev.ashlar.tensor.kernel.vector.attention.VectorAttention;
import dev.ashlar.tensor.kernel.vector.dense.VectorMatMul;
import dev.ashlar.tensor.kernel.vector.lanes.Lanes;
import dev.ashlar.tensor.kernel.vector.packed.VectorPacked;
import dev.ashlar.tensor.kernel.vector.pointwise.VectorActivation;
import dev.ashlar.tensor.kernel.vector.pointwise.VectorConversion;
import dev.ashlar.tensor.kernel.vector.pointwise.VectorElementwise;
import dev.ashlar.tensor.kernel.vector.pointwise.VectorFakeQuant;
import dev.ashlar.tensor.kernel.vector.pointwise.VectorGridError;
import dev.ashlar.tensor.kernel.vector.pointwise.VectorGridSums;
import dev.ashlar.tensor.kernel.vector.pointwise.VectorLoss;
import dev.ashlar.tensor.kernel.vector.pointwise.VectorNorm;
import dev.ashlar.tensor.kernel.vector.pointwise.VectorProbe;
import dev.ashlar.tensor.kernel.vector.pointwise.VectorRotary;
import dev.ashlar.tensor.kernel.vector.pointwise.VectorSoftmax;

/** The Vector API kernels, gathered. The class loads only where the incubating module is. */
final class VectorBackend {
  static final Backend INSTANCE =
      new KernelSet(
          "vector",
          Lanes.F.vectorBitSize() + "-bit vectors",
          new VectorMatMul(),
          new VectorElementwise(),
          new VectorNorm(),
          new VectorSoftmax(),
          new VectorActivation(),
          new VectorRotary(),
          new VectorAttention(),
          new VectorLoss(),
          new VectorFakeQuant(),
          // Its rounding takes a few instructions an element, nothing beside the products.
          ReferenceBackend.INSTANCE.floatFakeQuant(),
          new VectorGridError(),
          new VectorGridSums(),
          new VectorPacked(),
          new VectorConversion(),
          new VectorProbe());

  private VectorBackend() {}
}

/** Tensors, autograd, quantization value types and the kernels under them. Depends on the JDK. */
module dev.ashlar.tensor {
  requires jdk.incubator.vector;

  exports dev.ashlar.tensor;
  exports dev.ashlar.tensor.affine;
  exports dev.ashlar.tensor.autograd;
  exports dev.ashlar.tensor.autograd.op;
  exports dev.ashlar.tensor.blocks;
  exports dev.ashlar.tensor.kernel;
  exports dev.ashlar.tensor.kv;
  exports dev.ashlar.tensor.quant;
  exports dev.ashlar.tensor.weights;

  uses dev.ashlar.tensor.kernel.BackendProvider;

  provides dev.ashlar.tensor.kernel.BackendProvider with
      dev.ashlar.tensor.kernel.reference.ReferenceProvider,
      dev.ashlar.tensor.kernel.vector.VectorProvider;
}

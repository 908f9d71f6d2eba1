package dev.ashlar.tensor.kernel.vector;

import dev.ashlar.tensor.kernel.ActivationKernel;
import dev.ashlar.tensor.kernel.AttentionKernel;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.ConversionKernel;
import dev.ashlar.tensor.kernel.ElementwiseKernel;
import dev.ashlar.tensor.kernel.FakeQuantKernel;
import dev.ashlar.tensor.kernel.LossKernel;
import dev.ashlar.tensor.kernel.MatMulKernel;
import dev.ashlar.tensor.kernel.NormKernel;
import dev.ashlar.tensor.kernel.PackedKernel;
import dev.ashlar.tensor.kernel.ProbeKernel;
import dev.ashlar.tensor.kernel.RotaryKernel;
import dev.ashlar.tensor.kernel.SoftmaxKernel;
import dev.ashlar.tensor.kernel.vector.attention.VectorAttention;
import dev.ashlar.tensor.kernel.vector.dense.VectorMatMul;
import dev.ashlar.tensor.kernel.vector.packed.VectorPacked;
import dev.ashlar.tensor.kernel.vector.pointwise.VectorActivation;
import dev.ashlar.tensor.kernel.vector.pointwise.VectorConversion;
import dev.ashlar.tensor.kernel.vector.pointwise.VectorElementwise;
import dev.ashlar.tensor.kernel.vector.pointwise.VectorFakeQuant;
import dev.ashlar.tensor.kernel.vector.pointwise.VectorLoss;
import dev.ashlar.tensor.kernel.vector.pointwise.VectorNorm;
import dev.ashlar.tensor.kernel.vector.pointwise.VectorProbe;
import dev.ashlar.tensor.kernel.vector.pointwise.VectorRotary;
import dev.ashlar.tensor.kernel.vector.pointwise.VectorSoftmax;
import jdk.incubator.vector.FloatVector;

/** The Vector API kernels, gathered; what has none of its own is the reference. */
public final class VectorBackend implements Backend {
  public static final VectorBackend INSTANCE = new VectorBackend();

  private final MatMulKernel matMul = new VectorMatMul();
  private final ElementwiseKernel elementwise = new VectorElementwise();
  private final NormKernel norm = new VectorNorm();
  private final SoftmaxKernel softmax = new VectorSoftmax();
  private final ActivationKernel activation = new VectorActivation();
  private final RotaryKernel rotary = new VectorRotary();
  private final AttentionKernel attention = new VectorAttention();
  private final LossKernel loss = new VectorLoss();
  private final FakeQuantKernel fakeQuant = new VectorFakeQuant();
  private final PackedKernel packed = new VectorPacked();
  private final ConversionKernel conversion = new VectorConversion();
  private final ProbeKernel probe = new VectorProbe();

  private VectorBackend() {}

  @Override
  public String name() {
    return "vector";
  }

  @Override
  public String description() {
    return FloatVector.SPECIES_PREFERRED.vectorBitSize() + "-bit vectors";
  }

  @Override
  public MatMulKernel matMul() {
    return matMul;
  }

  @Override
  public ElementwiseKernel elementwise() {
    return elementwise;
  }

  @Override
  public NormKernel norm() {
    return norm;
  }

  @Override
  public SoftmaxKernel softmax() {
    return softmax;
  }

  @Override
  public ActivationKernel activation() {
    return activation;
  }

  @Override
  public RotaryKernel rotary() {
    return rotary;
  }

  @Override
  public AttentionKernel attention() {
    return attention;
  }

  @Override
  public LossKernel loss() {
    return loss;
  }

  @Override
  public FakeQuantKernel fakeQuant() {
    return fakeQuant;
  }

  @Override
  public PackedKernel packed() {
    return packed;
  }

  @Override
  public ConversionKernel conversion() {
    return conversion;
  }

  @Override
  public ProbeKernel probe() {
    return probe;
  }
}

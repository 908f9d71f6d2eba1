package dev.ashlar.tensor.kernel.reference;

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

/** The naive kernels, gathered. */
public final class ReferenceBackend implements Backend {
  public static final ReferenceBackend INSTANCE = new ReferenceBackend();

  private final MatMulKernel matMul = new ReferenceMatMul();
  private final ElementwiseKernel elementwise = new ReferenceElementwise();
  private final NormKernel norm = new ReferenceNorm();
  private final SoftmaxKernel softmax = new ReferenceSoftmax();
  private final ActivationKernel activation = new ReferenceActivation();
  private final RotaryKernel rotary = new ReferenceRotary();
  private final AttentionKernel attention = new ReferenceAttention();
  private final LossKernel loss = new ReferenceLoss();
  private final FakeQuantKernel fakeQuant = new ReferenceFakeQuant();
  private final PackedKernel packed = new ReferencePacked();
  private final ConversionKernel conversion = new ReferenceConversion();
  private final ProbeKernel probe = new ReferenceProbe();

  private ReferenceBackend() {}

  @Override
  public String name() {
    return "reference";
  }

  @Override
  public String description() {
    return "naive loops, sums in double";
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

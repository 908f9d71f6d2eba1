package dev.ashlar.tensor.kernel;

/** A backend that is no more than its kernels. */
public record KernelSet(
    String name,
    String description,
    MatMulKernel matMul,
    ElementwiseKernel elementwise,
    NormKernel norm,
    SoftmaxKernel softmax,
    ActivationKernel activation,
    RotaryKernel rotary,
    AttentionKernel attention,
    LossKernel loss,
    FakeQuantKernel fakeQuant,
    FloatFakeQuantKernel floatFakeQuant,
    GridErrorKernel gridError,
    GridSumsKernel gridSums,
    PackedKernel packed,
    ConversionKernel conversion,
    ProbeKernel probe)
    implements Backend {}

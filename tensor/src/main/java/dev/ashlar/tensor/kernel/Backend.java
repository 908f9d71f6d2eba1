package dev.ashlar.tensor.kernel;

/** A complete set of kernels. Every backend gives the same results within its stated bounds. */
public interface Backend {
  /** Short name, as {@code -Dashlar.backend=} takes it. */
  String name();

  /** What it runs on, for people: for example the vector width. */
  String description();

  MatMulKernel matMul();

  ElementwiseKernel elementwise();

  NormKernel norm();

  SoftmaxKernel softmax();

  ActivationKernel activation();

  RotaryKernel rotary();

  AttentionKernel attention();

  LossKernel loss();

  FakeQuantKernel fakeQuant();

  FloatFakeQuantKernel floatFakeQuant();

  GridErrorKernel gridError();

  GridSumsKernel gridSums();

  PackedKernel packed();

  ConversionKernel conversion();

  ProbeKernel probe();
}

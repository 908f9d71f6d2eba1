package dev.ashlar.engine.inspect;

/**
 * How the values of a tensor differ from those of the one that it is held against. Sums are in
 * double over the elements that are finite in both, in a fixed order; of tensors without any,
 * relative error and cosine are NaN.
 *
 * @param name of both
 * @param part of the decoder that it belongs to
 * @param shape of both
 * @param storage how its file spells it
 * @param againstStorage how the other file spells it
 * @param elements of each
 * @param relativeError {@code ‖a − b‖ / ‖b‖} in the Euclidean norm, {@code b} being the one that
 *     {@code a} is held against; infinite if {@code b} is zero and {@code a} is not
 * @param maxError the largest {@code |a − b|}
 * @param cosine of the angle between both; 1 if both are zero, 0 if one is
 * @param notFinite elements that are NaN or infinite in either
 */
public record TensorDifference(
    String name,
    Part part,
    String shape,
    String storage,
    String againstStorage,
    long elements,
    double relativeError,
    double maxError,
    double cosine,
    long notFinite) {}

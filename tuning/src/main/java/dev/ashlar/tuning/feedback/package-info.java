/**
 * Error feedback: each layer is solved for the float model's outputs on the float model's inputs
 * while it sees what the quantized layers before it put out, so that it pays back the error that
 * the stream has collected; then scales and norms are tuned end to end.
 *
 * <p>Start at {@link dev.ashlar.tuning.feedback.Feedback}; the layer solver is {@link
 * dev.ashlar.tuning.feedback.LayerSolver}, piece by piece {@link
 * dev.ashlar.tuning.feedback.StreamMoments}, {@link dev.ashlar.tuning.feedback.GridSearch}, {@link
 * dev.ashlar.tuning.feedback.CoordinateDescent} and {@link dev.ashlar.tuning.feedback.ScaleRefit}.
 * What a time comes to, {@link dev.ashlar.tuning.feedback.FeedbackBudget} says. {@code
 * docs/recipe.md} has the formulas and figures.
 */
package dev.ashlar.tuning.feedback;

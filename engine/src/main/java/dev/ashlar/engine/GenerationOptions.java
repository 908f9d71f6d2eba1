package dev.ashlar.engine;

import dev.ashlar.engine.job.Cancellation;
import dev.ashlar.nn.generate.Sampler;

/**
 * How a text goes on.
 *
 * @param maxTokens to generate at most
 * @param temperature divides the logits; 0 always takes the likeliest token
 * @param topK only so many of the likeliest tokens are drawn among; 0 for all
 * @param topP only the likeliest tokens that reach this probability are drawn among; 1 for all
 * @param seed the same seed gives the same text
 * @param cancellation ends the generation, from any thread
 * @param beyondContext whether the text goes on when it has more tokens than the model was made for
 * @param modelLimit whether a limit of tokens in the model's {@code generation_config.json} ({@code
 *     max_new_tokens}, or {@code max_length} for prompt and text together) holds instead of {@code
 *     maxTokens}
 */
public record GenerationOptions(
    int maxTokens,
    double temperature,
    int topK,
    double topP,
    long seed,
    Cancellation cancellation,
    boolean beyondContext,
    boolean modelLimit) {
  public GenerationOptions {
    if (maxTokens < 1) {
      throw new IllegalArgumentException("there must be at least 1 token: " + maxTokens);
    }
  }

  /** A text that ends where the model's context does. */
  public GenerationOptions(
      int maxTokens,
      double temperature,
      int topK,
      double topP,
      long seed,
      Cancellation cancellation) {
    this(maxTokens, temperature, topK, topP, seed, cancellation, false, false);
  }

  /**
   * As many tokens as the model's {@code generation_config.json} says, else 1024; temperature 0.7,
   * top-p 0.95, seed 42.
   */
  public static GenerationOptions defaults() {
    return new GenerationOptions(1024, 0.7, 0, 0.95, 42, new Cancellation(), false, true);
  }

  /** The likeliest token each time. */
  public static GenerationOptions greedy() {
    return defaults().withTemperature(0);
  }

  /** The same with this limit, whatever the model's files say. */
  public GenerationOptions withMaxTokens(int limit) {
    return limited(limit, false);
  }

  /** The same with this limit where the model's files say nothing. */
  public GenerationOptions orMaxTokens(int limit) {
    return limited(limit, true);
  }

  private GenerationOptions limited(int limit, boolean otherwise) {
    return new GenerationOptions(
        limit, temperature, topK, topP, seed, cancellation, beyondContext, otherwise);
  }

  /** The same with another temperature. */
  public GenerationOptions withTemperature(double value) {
    return new GenerationOptions(
        maxTokens, value, topK, topP, seed, cancellation, beyondContext, modelLimit);
  }

  /** The same with another number of candidates. */
  public GenerationOptions withTopK(int k) {
    return new GenerationOptions(
        maxTokens, temperature, k, topP, seed, cancellation, beyondContext, modelLimit);
  }

  /** The same with another probability of the candidates. */
  public GenerationOptions withTopP(double p) {
    return new GenerationOptions(
        maxTokens, temperature, topK, p, seed, cancellation, beyondContext, modelLimit);
  }

  /** The same with another seed. */
  public GenerationOptions withSeed(long value) {
    return new GenerationOptions(
        maxTokens, temperature, topK, topP, value, cancellation, beyondContext, modelLimit);
  }

  /** The same, to be ended by {@code other}. */
  public GenerationOptions cancelledBy(Cancellation other) {
    return new GenerationOptions(
        maxTokens, temperature, topK, topP, seed, other, beyondContext, modelLimit);
  }

  /**
   * The same, going on when the model's context is full: what comes then is as the model happens to
   * be. Without this the text ends there with {@link dev.ashlar.nn.generate.Generator.End#CONTEXT}.
   */
  public GenerationOptions beyondTheContext() {
    return new GenerationOptions(
        maxTokens, temperature, topK, topP, seed, cancellation, true, modelLimit);
  }

  /**
   * Chooses tokens as these options say.
   *
   * @throws IllegalArgumentException if one of them is out of range
   */
  public Sampler sampler() {
    return new Sampler(temperature, topK, topP, seed);
  }
}

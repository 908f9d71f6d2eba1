package dev.ashlar.nn.decoder;

/**
 * A linear map whose output is added to the residual stream: {@code stream += multiplier · (x·wᵀ +
 * bias)}.
 *
 * @param name of the map, relative to its block or complete, as whoever gives it says
 */
public record StreamAddition(String name, float multiplier) {
  /** The same under its complete name. */
  public StreamAddition of(String block) {
    return new StreamAddition(block + "." + name, multiplier);
  }
}

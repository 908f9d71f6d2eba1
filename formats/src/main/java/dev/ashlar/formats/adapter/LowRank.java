package dev.ashlar.formats.adapter;

import dev.ashlar.tensor.weights.StoredTensor;

/**
 * The change of one linear map: {@code w + scale·up·down}.
 *
 * @param module the map's complete name, as the adapter spells it
 * @param place the tensor of {@code up} in the file, for messages
 * @param down {@code [rank, in]}
 * @param up {@code [out, rank]}
 * @param scale what the product is multiplied by: alpha / rank or as the adapter says otherwise
 */
public record LowRank(
    String module, String place, StoredTensor down, StoredTensor up, double scale) {}

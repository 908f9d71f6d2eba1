package dev.ashlar.tensor.blocks;

/**
 * A super-block that was fitted: {@code w ≈ (step·scale)·code − below·minimum}, or, without
 * minimums, {@code (step·scale)·(code − zero)}. Valid until its fit is used again.
 *
 * @param step the float that the groups' scales are multiples of, of half precision
 * @param below the same of minimums; 0 where there are none
 * @param scales of the groups
 * @param minimums of the groups, turned round; zeros where there are none
 * @param codes of all elements, from 0 up
 */
public record FittedBlock(float step, float below, int[] scales, int[] minimums, int[] codes) {}

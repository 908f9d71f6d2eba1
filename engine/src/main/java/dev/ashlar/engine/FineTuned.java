package dev.ashlar.engine;

import java.nio.file.Path;
import java.time.Duration;

/**
 * What a finished {@link FineTuning} has to tell.
 *
 * @param folder the adapter, as PEFT saves one
 * @param before mean loss on held-out data without the adapter, in nats per token
 * @param after the same with it
 * @param heldOut samples that it was measured on
 * @param steps that were done
 * @param samples there were to train on
 * @param parameters numbers that were trained
 * @param time of the whole run, from where it was taken up
 */
public record FineTuned(
    Path folder,
    double before,
    double after,
    int heldOut,
    int steps,
    int samples,
    long parameters,
    Duration time) {}

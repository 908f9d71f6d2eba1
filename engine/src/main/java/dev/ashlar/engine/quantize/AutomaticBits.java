package dev.ashlar.engine.quantize;

import dev.ashlar.tuning.autoscheme.AutoScheme;
import java.nio.file.Path;
import java.util.Optional;

/**
 * That bits are to be chosen for each layer.
 *
 * @param scheme what from, and for which average
 * @param scores file of the layers' sensitivities, read if it is there and fits, written if not;
 *     empty for one beside the work folder
 */
public record AutomaticBits(AutoScheme scheme, Optional<Path> scores) {}

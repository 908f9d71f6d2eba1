/**
 * What is done to a quantized model as a whole: codes stay, scales and norms are tuned end to end.
 * Any method may end with it. Start at {@link dev.ashlar.tuning.finish.EndToEnd}.
 */
package dev.ashlar.tuning.finish;

/**
 * Readers of files from strangers under a coverage-guided fuzzer (Jazzer): what comes in must end
 * in a result or in one clear sentence, whatever it is. Start at {@link
 * dev.ashlar.bench.fuzz.FuzzTarget}, which lists the readers; {@code bench/proof/fuzz-readers} runs
 * them for a chosen time.
 *
 * <p>Not for whole commands on damaged models: that is {@code bench/proof/fuzz}.
 */
package dev.ashlar.bench.fuzz;

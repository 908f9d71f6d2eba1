/**
 * What got slower: ten figures of the library, each as a ratio to a yardstick that is measured
 * between its own runs, so that what the machine does otherwise cancels, held against recorded
 * ones. Start at {@link dev.ashlar.bench.guard.Guard}.
 *
 * <p>Not a benchmark: ratios of different figures do not compare. Those are JMH's ({@code
 * dev.ashlar.bench}), and what a machine could do is {@code ashlar bench}'s.
 */
package dev.ashlar.bench.guard;

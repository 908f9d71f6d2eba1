/**
 * What {@code ashlar bench} measures: this machine's ceilings, then every path against them.
 * Comparing with peers and with variants that lost is the {@code bench} module's work. Start at
 * {@link dev.ashlar.cli.bench.Benchmark}.
 */
package dev.ashlar.cli.bench;

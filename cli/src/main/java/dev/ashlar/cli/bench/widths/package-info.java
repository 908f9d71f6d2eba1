/**
 * The same measurements by vectors of 128, 256 and 512 bits. Java fixes the width when it starts,
 * so each is a process of its own; they take turns. Start at {@link
 * dev.ashlar.cli.bench.widths.WidthRuns}.
 */
package dev.ashlar.cli.bench.widths;

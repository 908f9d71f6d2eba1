/**
 * What {@code ashlar bench} found out, as values that are written, read back and shown: as a table,
 * as JSON, as a page with charts, beside another machine's. Measuring is {@code bench}'s work.
 * Start at {@link dev.ashlar.cli.bench.report.Measurements}.
 */
package dev.ashlar.cli.bench.report;

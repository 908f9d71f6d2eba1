package dev.ashlar.cli.bench.report;

/**
 * What ways to and from a device took; no time of a call holds them but the first one's.
 *
 * @param toDevice seconds of all operands, which travel once
 * @param fromDevice seconds of the result
 */
public record Transfer(double toDevice, double fromDevice) {}

/**
 * Reading the texts that calibration and evaluation run on: plain text, JSON and JSON lines. Start
 * at {@link dev.ashlar.cli.data.TextFiles}.
 */
package dev.ashlar.cli.data;

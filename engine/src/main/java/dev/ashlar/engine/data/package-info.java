/**
 * Reading the texts that calibration and evaluation run on: plain text, JSON and JSON lines. Start
 * at {@link dev.ashlar.engine.data.TextFiles}.
 */
package dev.ashlar.engine.data;

/**
 * The main job, from a model's name to verified folders: calibration data, the run with its work
 * folder, exports, checks, figures. How codes are chosen is the tuning module's work and how they
 * lie in files the formats'. Start at {@link dev.ashlar.engine.quantize.QuantizeJob}.
 */
package dev.ashlar.engine.quantize;

/**
 * Drawings of what was measured, for {@code docs}. What is drawn comes from files of figures;
 * nothing is measured here. Start at {@link dev.ashlar.bench.chart.QualityChart}.
 */
package dev.ashlar.bench.chart;

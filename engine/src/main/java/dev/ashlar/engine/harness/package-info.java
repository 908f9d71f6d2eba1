/**
 * What models are measured on: data sets as tokens to be predicted. Who measures is {@code
 * dev.ashlar.engine.Evaluation}.
 */
package dev.ashlar.engine.harness;

/**
 * Timings of the kernels, one JMH suite per kernel, each with the machine's own ceiling measured in
 * the same run. The library has no code here.
 */
package dev.ashlar.bench;

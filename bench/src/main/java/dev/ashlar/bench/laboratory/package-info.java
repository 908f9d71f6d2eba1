/**
 * Variants of kernels that lost, or won too little, each against what the library does now, each
 * with its answers checked: so that nobody has to try them again, and so that a new JDK can be
 * asked whether they still lose. By how much is in {@code docs/performance.md}. Nothing here is
 * used by the library.
 */
package dev.ashlar.bench.laboratory;

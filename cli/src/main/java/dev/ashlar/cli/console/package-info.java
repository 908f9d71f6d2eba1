/**
 * What a person or a script sees: results on standard output, progress and faults on standard
 * error. Start at {@link dev.ashlar.cli.console.Console}.
 */
package dev.ashlar.cli.console;

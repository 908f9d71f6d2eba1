/**
 * The commands, one class each: options, examples, and a call of the use case that does the work.
 * Add a command by writing its class and naming it in {@link dev.ashlar.cli.command.Ashlar}.
 */
package dev.ashlar.cli.command;

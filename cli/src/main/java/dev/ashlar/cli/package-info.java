/**
 * The program: {@link dev.ashlar.cli.Main} takes the arguments, {@code command} has one class per
 * command, which parses and then calls {@code engine}. Nothing here computes; only this module
 * prints.
 */
package dev.ashlar.cli;

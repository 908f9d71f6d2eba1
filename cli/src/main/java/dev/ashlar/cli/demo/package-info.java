/**
 * The making of the bundled demo model: its shape and its training, on texts of {@link
 * dev.ashlar.engine.demo.DemoGrammar}. Start at {@link dev.ashlar.cli.demo.DemoTraining}.
 */
package dev.ashlar.cli.demo;

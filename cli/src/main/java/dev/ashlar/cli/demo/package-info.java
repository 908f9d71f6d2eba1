/**
 * The bundled demo model: the grammar its corpus comes from, its training, and where it is found.
 * Nothing here is needed to quantize any other model. Start at {@link
 * dev.ashlar.cli.demo.DemoGrammar}.
 */
package dev.ashlar.cli.demo;

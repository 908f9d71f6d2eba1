/**
 * The bundled demo model's language: a grammar whose texts it was trained on, is calibrated on and
 * measured on. Nothing here is needed for any other model. Start at {@link
 * dev.ashlar.engine.demo.DemoGrammar}.
 */
package dev.ashlar.engine.demo;

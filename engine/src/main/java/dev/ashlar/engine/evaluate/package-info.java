/** What comes of measuring a model: figures with their standard errors. */
package dev.ashlar.engine.evaluate;

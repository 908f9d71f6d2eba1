/**
 * Task graphs in the making and the plans that run them: tasks, their grids, and when arrays
 * travel. Decoders ({@code runner}) and tuning ({@code tuner}) are made of them; what the tasks
 * compute is in {@code kernel}. Start at {@link dev.ashlar.tornado.graph.Tasks}.
 */
package dev.ashlar.tornado.graph;

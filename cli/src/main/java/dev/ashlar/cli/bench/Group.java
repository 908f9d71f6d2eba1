package dev.ashlar.cli.bench;

import java.util.List;
import java.util.function.Supplier;

/**
 * Cases that are measured in turn, round by round, so that what disturbs one disturbs its
 * neighbours; their operands exist only while they are measured.
 */
record Group(String name, Supplier<List<Case>> cases) {}

package uk.ac.manchester.tornado.api;

import java.util.List;

/** A task graph that is finished. */
public class ImmutableTaskGraph {
  private final List<TaskGraph.Step> steps;

  ImmutableTaskGraph(List<TaskGraph.Step> steps) {
    this.steps = steps;
  }

  List<TaskGraph.Step> steps() {
    return steps;
  }
}

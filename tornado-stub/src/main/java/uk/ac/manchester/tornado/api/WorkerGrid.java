package uk.ac.manchester.tornado.api;

/** How many work items there are, in all and in a group. */
public interface WorkerGrid {
  long[] getGlobalWork();

  long[] getLocalWork();

  void setGlobalWork(long x, long y, long z);

  void setLocalWork(long x, long y, long z);
}

package uk.ac.manchester.tornado.api;

/**
 * What a kernel that is written for one work item knows of itself. Here a test makes one for each
 * work item and says how a group waits.
 */
public class KernelContext {
  public final Integer globalIdx;
  public final Integer groupIdx;
  public final Integer localIdx;
  public final Integer globalGroupSizeX;
  public final Integer localGroupSizeX;

  public KernelContext() {
    this(0, 0, 1, 1);
  }

  /** The work item {@code local} of {@code size} in group {@code group} of {@code groups}. */
  protected KernelContext(int group, int local, int size, int groups) {
    this.globalIdx = group * size + local;
    this.groupIdx = group;
    this.localIdx = local;
    this.globalGroupSizeX = size * groups;
    this.localGroupSizeX = size;
  }

  /** Waits for all of the group. */
  public void localBarrier() {}

  /** An array that the group shares. */
  public float[] allocateFloatLocalArray(int size) {
    return new float[size];
  }
}

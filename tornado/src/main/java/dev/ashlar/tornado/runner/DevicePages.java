package dev.ashlar.tornado.runner;

/** Which pages of the keys and values on a device are in use, in all blocks alike. */
final class DevicePages {
  /** Copies what a page holds to another. */
  interface PageCopy {
    void copy(int from, int to);
  }

  /** Tokens of a page. */
  static final int TOKENS = 64;

  private final int[] users;
  private final PageCopy copy;
  private int free;

  /**
   * All free.
   *
   * @param tokens that all sequences together may have
   */
  DevicePages(int tokens, PageCopy copy) {
    this.users = new int[count(tokens)];
    this.free = users.length;
    this.copy = copy;
  }

  /** Pages for so many tokens. */
  static int count(int tokens) {
    return Math.ceilDiv(tokens, TOKENS);
  }

  /**
   * A page for one sequence.
   *
   * @throws IllegalStateException if all are in use
   */
  int take() {
    for (int i = 0; free > 0 && i < users.length; i++) {
      if (users[i] == 0) {
        users[i] = 1;
        free--;
        return i;
      }
    }
    throw new IllegalStateException(
        "the device has room for the keys and values of "
            + users.length * TOKENS
            + " tokens, and all of it is in use");
  }

  void share(int page) {
    users[page]++;
  }

  void release(int page) {
    users[page]--;
    free += users[page] == 0 ? 1 : 0;
  }

  /** The page itself if nobody else has it, else a copy. */
  int own(int page) {
    if (users[page] == 1) {
      return page;
    }
    int to = take();
    copy.copy(page, to);
    release(page);
    return to;
  }
}

package dev.ashlar.tensor.autograd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Buffers that are used again, and those that nobody asks for any more. */
class WorkspaceTest {
  @Test
  void theSameSizesAreFoundAgain() {
    Workspace w = new Workspace();
    float[] first = w.take(3, 100).data();
    w.release(0, null);
    assertSame(first, w.take(300).data());
    assertNotSame(first, w.take(300).data());
  }

  /** As with texts of any length: each asks for sizes of its own. */
  @Test
  void sizesOfThePastDoNotPileUp() {
    Workspace w = new Workspace();
    long most = 0;
    for (int length = 1; length <= 1000; length++) {
      w.take(length, 64);
      w.take(length, 64);
      w.take(length, 16);
      most = Math.max(most, w.bytes());
      assertTrue(w.bytes() + w.freeBytes() <= most + most / 4, "at " + length);
      w.release(0, null);
    }
    assertTrue(most >= 1000 * 144 * 4 && most <= 1000 * 144 * 4 * 17 / 16, most + " bytes");
  }

  @Test
  void nearlyTheSameSizesShareBuffers() {
    Workspace w = new Workspace();
    float[] first = w.take(500, 576).data();
    w.release(0, null);
    assertSame(first, w.take(505, 576).data());
    assertNotSame(first, w.take(505, 576).data());
    w.release(0, null);
    assertNotSame(first, w.take(560, 576).data());
  }

  /** A rest of a batch takes the buffers of a whole one, but none that is far too long. */
  @Test
  void shorterOnesTakeLongerBuffers() {
    Workspace w = new Workspace();
    float[] whole = w.take(2048, 64).data();
    w.release(0, null);
    assertSame(whole, w.take(1536, 64).data());
    w.release(0, null);
    assertNotSame(whole, w.take(1024, 64).data());
  }

  /** What was asked for last is kept, the rest goes. */
  @Test
  void theOldestGoFirst() {
    Workspace w = new Workspace();
    float[] old = w.take(1000).data();
    float[] young = w.take(900).data();
    w.release(0, null);
    w.take(1200);
    w.release(0, null);
    assertSame(young, w.take(900).data());
    assertNotSame(old, w.take(1000).data());
  }

  @Test
  void buffersOfOneBesideTheOtherServeBoth() {
    Workspace w = new Workspace();
    Workspace other = w.beside();
    Tensor a = w.take(50);
    assertNotSame(a.data(), other.take(50).data());
    w.release(0, null);
    assertSame(a.data(), other.take(50).data());
    assertEquals(0, w.bytes());
    assertEquals(400, other.bytes());
    assertEquals(0, w.freeBytes());
  }
}

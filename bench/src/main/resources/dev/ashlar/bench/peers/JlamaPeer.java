import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.FloatBufferTensor;
import com.github.tjake.jlama.tensor.Q4ByteBufferTensor;
import com.github.tjake.jlama.tensor.Q8ByteBufferTensor;
import com.github.tjake.jlama.tensor.operations.PanamaTensorOperations;
import com.github.tjake.jlama.tensor.operations.TensorOperations;
import com.github.tjake.jlama.util.MachineSpec;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Four-bit products by Jlama's pure-Java operations; see peer.py. Argument: threads. */
public final class JlamaPeer {
  private static final long BEYOND_CACHES = 160L << 20;
  private static final int SAMPLES = 16;

  private static int threads;
  private static ExecutorService pool;
  private static Runnable work;
  private static FloatBufferTensor result;

  public static void main(String[] args) throws Exception {
    threads = Integer.parseInt(args[0]);
    pool = Executors.newFixedThreadPool(threads);
    PrintStream answers = System.out;
    System.setOut(System.err);
    BufferedReader requests = new BufferedReader(new InputStreamReader(System.in));
    for (String line = requests.readLine(); line != null; line = requests.readLine()) {
      try {
        answers.println(answer(line));
      } catch (RuntimeException | Error e) {
        e.printStackTrace();
        answers.println("fault " + e);
      }
      answers.flush();
    }
    System.exit(0);
  }

  private static String answer(String line) {
    String[] words = line.split(" ");
    if (words[0].equals("prepare")) {
      prepare(words[2].equals("i8"), Integer.parseInt(words[3]), Integer.parseInt(words[4]));
      work.run();
      return "ready" + samples();
    }
    double least = Double.parseDouble(words[1]);
    int calls = 0;
    long start = System.nanoTime();
    double elapsed;
    do {
      work.run();
      calls++;
      elapsed = (System.nanoTime() - start) * 1e-9;
    } while (elapsed < least);
    return "time " + elapsed / calls;
  }

  private static void prepare(boolean int8, int out, int in) {
    TensorOperations operations = new PanamaTensorOperations(MachineSpec.VECTOR_TYPE);
    FloatBufferTensor w = tensor(numbers(2, out * in), out, in);
    List<Q4ByteBufferTensor> copies = new ArrayList<>();
    for (long bytes = 0; bytes < BEYOND_CACHES; bytes += (long) out * in * 5 / 8) {
      copies.add(new Q4ByteBufferTensor(w));
    }
    FloatBufferTensor x = tensor(numbers(1, in), 1, in);
    AbstractTensor<?, ?> activations = int8 ? new Q8ByteBufferTensor(x) : x;
    result = new FloatBufferTensor(1, out);
    int[] next = {0};
    int rows = out / threads;
    work =
        () -> {
          Q4ByteBufferTensor matrix = copies.get(next[0]);
          next[0] = (next[0] + 1) % copies.size();
          if (threads == 1) {
            operations.dotProductChunk(result, activations, matrix, 0, in, 0, out);
            return;
          }
          CountDownLatch latch = new CountDownLatch(threads);
          for (int t = 0; t < threads; t++) {
            int from = t * rows;
            pool.execute(
                () -> {
                  operations.dotProductChunk(result, activations, matrix, 0, in, from, rows);
                  latch.countDown();
                });
          }
          try {
            latch.await();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        };
  }

  private static FloatBufferTensor tensor(float[] values, int rows, int columns) {
    FloatBufferTensor t = new FloatBufferTensor(rows, columns);
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c++) {
        t.set(values[r * columns + c], r, c);
      }
    }
    return t;
  }

  private static float[] numbers(int salt, int n) {
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      long h = i * 2654435761L + salt * 40503L + 12345 & 0xFFFFFFFFL;
      h ^= h >>> 16;
      h = h * 2246822519L & 0xFFFFFFFFL;
      h ^= h >>> 13;
      x[i] = (h >>> 8) * 0x1p-23f - 1;
    }
    return x;
  }

  private static String samples() {
    StringBuilder line = new StringBuilder();
    int n = (int) result.size();
    for (int i = 0; i < SAMPLES; i++) {
      line.append(' ').append(result.get(0, (int) ((long) i * (n - 1) / (SAMPLES - 1))));
    }
    return line.toString();
  }
}

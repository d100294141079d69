import java.math.BigInteger;
import java.nio.file.Files;
import java.security.MessageDigest;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;
import java.util.stream.*;

/** What keeps the compilers busy: loops, objects, virtual calls, null checks by signals, deoptimisation, threads, the collector. */
public class Work {
  interface Shape { double area(); }
  record Circle(double r) implements Shape { public double area() { return Math.PI * r * r; } }
  record Square(double s) implements Shape { public double area() { return s * s; } }
  static class Node { Node left, right; long value; Node(long v) { value = v; } }

  static Node build(int depth, long seed) {
    Node n = new Node(seed * 6364136223846793005L + depth);
    if (depth > 0) { n.left = build(depth - 1, seed + 1); n.right = build(depth - 1, seed * 3); }
    return n;
  }
  static long sum(Node n) { return n == null ? 0 : n.value + 31 * sum(n.left) + 17 * sum(n.right); }
  static int length(String s) { return s.length(); }

  static void compute() throws Exception {
    long h = 0; for (int i = 0; i < 3_000_000; i++) h = h * 31 + (i ^ (h >>> 7));
    double x = 0.5; for (int i = 0; i < 1_000_000; i++) x = 3.7 * x * (1 - x);
    Shape[] shapes = new Shape[1000]; for (int i = 0; i < 1000; i++) shapes[i] = i % 3 == 0 ? new Circle(i) : new Square(i);
    double area = 0; for (int k = 0; k < 200; k++) for (Shape s : shapes) area += s.area();
    System.out.println(h + " " + x + " " + area + " " + sum(build(14, 1)));
    int nulls = 0; for (int i = 0; i < 30_000; i++) { try { nulls += length(i % 1000 == 0 ? null : "abc"); } catch (NullPointerException e) { nulls -= 1; } }
    int bounds = 0; int[] a = new int[10]; for (int i = 0; i < 20_000; i++) { try { a[i % 11]++; } catch (ArrayIndexOutOfBoundsException e) { bounds++; } }
    int zero = 0; for (int i = 0; i < 20_000; i++) { try { zero += 100 / (i % 97 == 0 ? 0 : 5); } catch (ArithmeticException e) { zero++; } }
    System.out.println(nulls + " " + bounds + " " + zero + " " + deep(0));
    System.out.println(IntStream.range(0, 5000).boxed().collect(Collectors.groupingBy(i -> i % 7, Collectors.summingInt(i -> i))));
    System.out.println(BigInteger.TWO.pow(521).subtract(BigInteger.ONE).isProbablePrime(5) + " " + new BigInteger("123456789".repeat(10)).modPow(BigInteger.valueOf(65537), BigInteger.TEN.pow(40)));
    System.out.println(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest("x".repeat(300_000).getBytes())) + " " + String.format("%.3f|%08d|%s", Math.E, 42, List.of(1, 2)));
  }
  static String deep(int n) { try { return deep2(n); } catch (StackOverflowError e) { return "overflow"; } }
  static String deep2(int n) { return deep2(n + 1) + "x"; }

  static void threads() throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(6); AtomicLong total = new AtomicLong(); ConcurrentHashMap<Integer, Integer> map = new ConcurrentHashMap<>();
    List<Future<Integer>> parts = new ArrayList<>();
    for (int i = 0; i < 40; i++) { int n = i; parts.add(pool.submit(() -> { for (int k = 0; k < 2000; k++) { total.addAndGet(k); map.merge(k % 50, 1, Integer::sum); } return n * n; })); }
    int s = 0; for (Future<Integer> part : parts) s += part.get(); pool.shutdown();
    System.out.println(s + " " + total + " " + map.get(7) + " " + pool.awaitTermination(5, TimeUnit.SECONDS));
    Object lock = new Object(); int[] count = {0}; Thread[] many = new Thread[8];
    for (int i = 0; i < 8; i++) { many[i] = new Thread(() -> { for (int k = 0; k < 5000; k++) synchronized (lock) { count[0]++; } }); many[i].start(); }
    for (Thread t : many) t.join();
    System.out.println(count[0] + " " + LongStream.rangeClosed(1, 200_000).parallel().sum() + " " + CompletableFuture.supplyAsync(() -> 20).thenCombine(CompletableFuture.supplyAsync(() -> 22), Integer::sum).get());
    BlockingQueue<Integer> queue = new ArrayBlockingQueue<>(3); Thread maker = new Thread(() -> { try { for (int i = 0; i < 100; i++) queue.put(i); queue.put(-1); } catch (InterruptedException e) { } }); maker.start();
    int got = 0; for (int v; (v = queue.take()) >= 0;) got += v; System.out.println(got);
    Thread sleeper = new Thread(() -> { try { Thread.sleep(60_000); } catch (InterruptedException e) { System.out.println("interrupted"); } }); sleeper.start(); sleeper.interrupt(); sleeper.join();
  }

  static void collector() { long made = 0; List<byte[]> kept = new ArrayList<>(); for (int i = 0; i < 30_000; i++) { byte[] b = new byte[4096]; b[i % 4096] = 1; made += b.length; if (i % 100 == 0) kept.add(b); if (kept.size() > 50) kept.remove(0); } System.gc(); System.out.println(made + " " + kept.size()); }

  public static void main(String[] args) throws Exception {
    compute(); threads(); collector();
    var file = Files.createTempFile("proof", ".txt"); Files.writeString(file, "line\n".repeat(1000)); try (var lines = Files.lines(file)) { System.out.println(lines.count() + " " + Files.size(file)); } Files.delete(file);
    Process process = new ProcessBuilder("sh", "-c", "cat; exit 3").start(); process.getOutputStream().write("fed".getBytes()); process.getOutputStream().close(); System.out.println(new String(process.getInputStream().readAllBytes()) + " " + process.waitFor());
    Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("hook")));
    try { throw new IllegalStateException("thrown", new RuntimeException("cause")); } catch (IllegalStateException e) { System.out.println(e + " " + e.getCause().getMessage() + " " + e.getStackTrace()[0].getMethodName()); }
  }
}

# A web server in one Java program, its client in the same: the loopback, a pool of threads, NIO.
mkdir /tmp/proof && cd /tmp/proof && cat > Server.java <<'J'
import com.sun.net.httpserver.HttpServer;
import java.net.*;
import java.net.http.*;
import java.util.concurrent.*;
import java.util.stream.*;
public class Server {
  public static void main(String[] args) throws Exception {
    HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 0);
    server.createContext("/", exchange -> { byte[] body = (exchange.getRequestMethod() + " " + exchange.getRequestURI() + " " + exchange.getRequestBody().readAllBytes().length).getBytes(); exchange.sendResponseHeaders(200, body.length); exchange.getResponseBody().write(body); exchange.close(); });
    server.setExecutor(Executors.newFixedThreadPool(4)); server.start();
    String base = "http://127.0.0.1:" + server.getAddress().getPort();
    HttpClient client = HttpClient.newHttpClient();
    System.out.println(client.send(HttpRequest.newBuilder(URI.create(base + "/one?q=1")).build(), HttpResponse.BodyHandlers.ofString()).body());
    System.out.println(client.send(HttpRequest.newBuilder(URI.create(base + "/post")).POST(HttpRequest.BodyPublishers.ofString("x".repeat(50000))).build(), HttpResponse.BodyHandlers.ofString()).body());
    var all = IntStream.range(0, 40).mapToObj(i -> client.sendAsync(HttpRequest.newBuilder(URI.create(base + "/" + i)).build(), HttpResponse.BodyHandlers.ofString())).collect(Collectors.toList());
    int size = 0; for (var each : all) size += each.get().body().length(); System.out.println(size);
    try (Socket s = new Socket("127.0.0.1", server.getAddress().getPort())) { s.getOutputStream().write("GET /raw HTTP/1.0\r\n\r\n".getBytes()); System.out.println(new String(s.getInputStream().readAllBytes()).split("\r\n")[0]); }
    try { new Socket("127.0.0.1", 1); } catch (ConnectException e) { System.out.println(e.getMessage()); }
    server.stop(0); System.exit(0);
  }
}
J
java Server.java
cd /; rm -r /tmp/proof

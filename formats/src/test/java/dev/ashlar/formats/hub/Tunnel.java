package dev.ashlar.formats.hub;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A proxy on this machine: it passes bytes on to hosts ({@code CONNECT}), and requests of whole
 * addresses.
 */
final class Tunnel implements AutoCloseable {
  /** HOST:PORT of whatever was asked for. */
  final List<String> asked = Collections.synchronizedList(new ArrayList<>());

  private final ServerSocket server;
  private final Map<String, Integer> hosts;
  private final Optional<String> account;

  /**
   * Opens one.
   *
   * @param hosts ports of this machine that stand for HOST:PORT
   * @param account NAME:PASSWORD that it wants to hear
   */
  Tunnel(Map<String, Integer> hosts, Optional<String> account) throws IOException {
    this.server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    this.hosts = hosts;
    this.account = account;
    Thread.ofVirtual().start(this::accept);
  }

  /** Its port. */
  int port() {
    return server.getLocalPort();
  }

  private void accept() {
    while (true) {
      try {
        Socket client = server.accept();
        Thread.ofVirtual().start(() -> serve(client));
      } catch (IOException closed) {
        return;
      }
    }
  }

  private void serve(Socket client) {
    try (client) {
      InputStream in = client.getInputStream();
      String head = head(in);
      if (account.isPresent() && !head.contains(basic(account.get()))) {
        client
            .getOutputStream()
            .write(
                ("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic"
                        + " realm=\"t\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
        return;
      }
      String[] line = head.split(" ", 3);
      boolean connect = line[0].equals("CONNECT");
      String target = connect ? line[1] : line[1].replaceFirst("^http://([^/]+)/.*$", "$1");
      asked.add(target);
      int port =
          hosts.containsKey(target)
              ? hosts.get(target)
              : Integer.parseInt(target.substring(target.indexOf(':') + 1));
      try (Socket host = new Socket(InetAddress.getLoopbackAddress(), port)) {
        if (connect) {
          client.getOutputStream().write("HTTP/1.1 200 OK\r\n\r\n".getBytes());
        } else {
          String own =
              head.replaceFirst("http://[^/]+/", "/")
                  .replaceFirst("\r\n", "\r\nConnection: close\r\n");
          host.getOutputStream().write(own.getBytes(StandardCharsets.ISO_8859_1));
        }
        Thread back = Thread.ofVirtual().start(() -> copy(host, client));
        copy(client, host);
        back.join();
      }
    } catch (IOException | InterruptedException gone) {
      // Whoever asked, or was asked, is gone.
    }
  }

  private static String basic(String account) {
    byte[] bytes = account.getBytes(StandardCharsets.UTF_8);
    return "Proxy-Authorization: Basic " + Base64.getEncoder().encodeToString(bytes);
  }

  private static String head(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int b = in.read();
      if (b < 0) {
        throw new IOException("ended");
      }
      head.append((char) b);
    }
    return head.toString();
  }

  private static void copy(Socket from, Socket to) {
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      in.transferTo(out);
      to.shutdownOutput();
    } catch (IOException gone) {
      // The other direction ends too.
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}

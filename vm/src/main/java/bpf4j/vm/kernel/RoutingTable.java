package bpf4j.vm.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Routes and neighbours of the virtual kernel, for IPv4 (4-byte addresses) and IPv6 (16).
public final class RoutingTable {
  /// One route.
  ///
  /// @param destination network address
  /// @param prefixLength bits of the network
  /// @param gateway next hop, or null when the destination is on the link
  /// @param source preferred source address, or null
  public record Route(
      byte[] destination,
      int prefixLength,
      int ifindex,
      byte @Nullable [] gateway,
      byte @Nullable [] source,
      int mtu) {}

  private final List<Route> routes = new ArrayList<>();
  private final Map<String, byte[]> neighbours = new HashMap<>();

  RoutingTable() {}

  /// Adds a route.
  public synchronized void add(Route route) {
    routes.add(route);
  }

  /// Says which MAC address the neighbour `address` on device `ifindex` has.
  public synchronized void addNeighbour(int ifindex, byte[] address, byte[] macAddress) {
    neighbours.put(key(ifindex, address), macAddress.clone());
  }

  /// The most specific route to `address`, or null.
  public synchronized @Nullable Route lookup(byte[] address) {
    Route best = null;
    for (Route r : routes) {
      if (matches(r, address) && (best == null || r.prefixLength > best.prefixLength)) {
        best = r;
      }
    }
    return best;
  }

  /// The MAC address of a neighbour, or null when it is not known.
  public synchronized byte @Nullable [] neighbour(int ifindex, byte[] address) {
    return neighbours.get(key(ifindex, address));
  }

  private static boolean matches(Route r, byte[] address) {
    if (r.destination.length != address.length) {
      return false;
    }
    for (int bit = 0; bit < r.prefixLength; bit++) {
      int shift = 7 - bit % 8;
      if (((r.destination[bit / 8] ^ address[bit / 8]) >> shift & 1) != 0) {
        return false;
      }
    }
    return true;
  }

  private static String key(int ifindex, byte[] address) {
    return ifindex + Arrays.toString(address);
  }
}

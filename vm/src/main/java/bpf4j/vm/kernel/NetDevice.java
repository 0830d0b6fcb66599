package bpf4j.vm.kernel;

/// A network device of the virtual kernel.
///
/// @param rxQueues number of receive queues
/// @param macAddress six bytes
public record NetDevice(int ifindex, String name, int mtu, int rxQueues, byte[] macAddress) {
  /// The loopback device that every virtual kernel has.
  public static final NetDevice LOOPBACK = new NetDevice(1, "lo", 65536, 1, new byte[6]);

  /// The link-layer broadcast address: all ones, but all zeros for the loopback device.
  public byte[] broadcastAddress() {
    byte[] address = new byte[6];
    if (ifindex != LOOPBACK.ifindex) {
      java.util.Arrays.fill(address, (byte) 0xff);
    }
    return address;
  }

  /// An Ethernet device with one queue.
  public static NetDevice ethernet(int ifindex, String name, byte... macAddress) {
    return new NetDevice(ifindex, name, 1500, 1, macAddress);
  }
}

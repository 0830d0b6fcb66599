package bpf4j.vm.packet;

import bpf4j.maps.GuestMemory;
import bpf4j.vm.kernel.NetDevice;
import java.util.Arrays;

/// A socket buffer: the packet, its metadata, and the `struct __sk_buff` in guest memory that
/// programs see. Fields that programs may write live there only; the others are written there
/// whenever they change.
public final class SkBuff extends PacketBuffer {
  /// `sizeof(struct __sk_buff)`.
  public static final int CTX_SIZE = 192;

  /// `NET_SKB_PAD + NET_IP_ALIGN` on x86-64.
  public static final int HEADROOM = 64;

  /// `SKB_DATA_ALIGN(sizeof(struct skb_shared_info))`.
  public static final int TAILROOM = 320;

  public static final int ETH_HLEN = 14;

  // Offsets in struct __sk_buff.
  public static final int LEN = 0;
  public static final int PKT_TYPE = 4;
  public static final int MARK = 8;
  public static final int QUEUE_MAPPING = 12;
  public static final int PROTOCOL = 16;
  public static final int VLAN_PRESENT = 20;
  public static final int VLAN_TCI = 24;
  public static final int VLAN_PROTO = 28;
  public static final int PRIORITY = 32;
  public static final int INGRESS_IFINDEX = 36;
  public static final int IFINDEX = 40;
  public static final int TC_INDEX = 44;
  public static final int CB = 48;
  public static final int HASH = 68;
  public static final int TC_CLASSID = 72;
  public static final int DATA = 76;
  public static final int DATA_END = 80;
  public static final int NAPI_ID = 84;
  public static final int FAMILY = 88;
  public static final int REMOTE_IP4 = 92;
  public static final int LOCAL_IP4 = 96;
  public static final int REMOTE_IP6 = 100;
  public static final int LOCAL_IP6 = 116;
  public static final int REMOTE_PORT = 132;
  public static final int LOCAL_PORT = 136;
  public static final int DATA_META = 140;
  public static final int FLOW_KEYS = 144;
  public static final int TSTAMP = 152;
  public static final int WIRE_LEN = 160;
  public static final int GSO_SEGS = 164;
  public static final int SK = 168;
  public static final int GSO_SIZE = 176;
  public static final int TSTAMP_TYPE = 180;
  public static final int HWTSTAMP = 184;

  private static final int ETH_P_8021Q = 0x8100;
  private static final int ETH_P_8021AD = 0x88a8;

  private final long ctxAddr;

  /// Offsets from the packet's start; negative when the header was pulled.
  private int macOff;

  private int networkOff;

  /// One's complement sum of the packet behind the network header, or -1 when there is none
  /// (`CHECKSUM_NONE`).
  private long checksumComplete = -1;

  private boolean encapsulated;
  private byte[] tunnelKey = new byte[0];
  private byte[] tunnelOptions = new byte[0];

  /// @param ctxAddr guest address of [#CTX_SIZE] bytes
  public SkBuff(GuestMemory memory, long ctxAddr) {
    super(memory, "packet");
    this.ctxAddr = ctxAddr;
  }

  /// Guest address of the `struct __sk_buff`.
  public long ctxAddr() {
    return ctxAddr;
  }

  /// Takes an Ethernet frame as `eth_type_trans()` leaves it: with the link header (`l2`) or
  /// without.
  public void receive(byte[] frame, int linearBytes, boolean l2, NetDevice device) {
    fill(frame, linearBytes, HEADROOM, TAILROOM);
    memory.fill(ctxAddr, CTX_SIZE, 0);
    checksumComplete = -1;
    encapsulated = false;
    tunnelKey = new byte[0];
    tunnelOptions = new byte[0];
    put(PROTOCOL, etherType(frame));
    put(PKT_TYPE, packetType(frame, device));
    macOff = 0;
    networkOff = ETH_HLEN;
    if (!l2) {
      moveStart(ETH_HLEN);
      macOff = -ETH_HLEN;
      networkOff = 0;
    }
    publish();
  }

  /// Takes a packet that begins with its network header, without a link header.
  public void receiveNetworkPacket(byte[] packet, int bigEndianProtocol) {
    fill(packet, packet.length, HEADROOM, TAILROOM);
    memory.fill(ctxAddr, CTX_SIZE, 0);
    checksumComplete = -1;
    put(PROTOCOL, bigEndianProtocol);
    macOff = 0;
    networkOff = 0;
    publish();
  }

  /// `skb->protocol` as programs see it: a big-endian number.
  private static int etherType(byte[] frame) {
    int type = (frame[12] & 0xff) << 8 | (frame[13] & 0xff);
    if (type < 0x600) {
      boolean raw = frame.length >= 16 && frame[14] == -1 && frame[15] == -1;
      type = raw ? 1 : 4; // ETH_P_802_3, ETH_P_802_2
    }
    return bigEndian16(type);
  }

  private static int packetType(byte[] frame, NetDevice device) {
    byte[] to = Arrays.copyOf(frame, 6);
    if (Arrays.equals(to, device.macAddress())) {
      return 0;
    }
    if ((to[0] & 1) == 0) {
      return 3;
    }
    return Arrays.equals(to, device.broadcastAddress()) ? 1 : 2;
  }

  /// A 16-bit number in network order as a little-endian load gives it.
  public static int bigEndian16(int value) {
    return (value & 0xff) << 8 | (value >>> 8 & 0xff);
  }

  public void put(int ctxOff, int value) {
    memory.putU32(ctxAddr + ctxOff, value);
  }

  public int get(int ctxOff) {
    return (int) memory.getU32(ctxAddr + ctxOff);
  }

  /// Writes what follows from the packet into the context.
  public void publish() {
    put(LEN, length());
    put(DATA, (int) data());
    put(DATA_END, (int) dataEnd());
    put(DATA_META, (int) data());
  }

  public int macOff() {
    return macOff;
  }

  public int networkOff() {
    return networkOff;
  }

  public long checksumComplete() {
    return checksumComplete;
  }

  public void setChecksumComplete(long sum) {
    checksumComplete = sum;
  }

  /// Whether an outer header was added (`skb->encapsulation`).
  public boolean isEncapsulated() {
    return encapsulated;
  }

  public void setEncapsulated(boolean value) {
    encapsulated = value;
  }

  public byte[] tunnelKey() {
    return tunnelKey;
  }

  public void setTunnelKey(byte[] key) {
    tunnelKey = key;
  }

  public byte[] tunnelOptions() {
    return tunnelOptions;
  }

  public void setTunnelOptions(byte[] options) {
    tunnelOptions = options;
  }

  /// Sets the length; new bytes are zero.
  public void changeTail(int newLength) {
    int old = length();
    if (newLength > old) {
      reserve(headroom(), newLength - old);
      pull(old);
      moveEnd(newLength - old);
      memory.fill(data() + old, newLength - old, 0);
    } else {
      moveEnd(newLength - old);
    }
    publish();
  }

  /// Puts `bytes` zeroed bytes in front; the link header starts there now.
  public void changeHead(int bytes) {
    reserve(bytes, tailroom());
    moveStart(-bytes);
    memory.fill(data(), bytes, 0);
    networkOff += bytes;
    macOff = 0;
    publish();
  }

  /// Opens a gap of `bytes` zeroed bytes at `off`: what is in front moves towards the headroom.
  public void openGap(int off, int bytes) {
    reserve(bytes, tailroom());
    moveStart(-bytes);
    memory.copy(data(), data() + bytes, off);
    memory.fill(data() + off, bytes, 0);
    pull(Math.min(length(), off + bytes));
    publish();
  }

  /// Removes `bytes` bytes at `off`: what is in front moves towards them.
  public void closeGap(int off, int bytes) {
    memory.copy(data() + bytes, data(), off);
    moveStart(bytes);
    publish();
  }

  /// Puts the link header in front again, as the test run does before it gives the packet back.
  public void pushEthernetHeader() {
    reserve(ETH_HLEN, tailroom());
    moveStart(-ETH_HLEN);
    memory.fill(data(), ETH_HLEN, 0);
  }

  /// Guest address of the packet's socket, or 0.
  public long socketAddr() {
    return memory.getU64(ctxAddr + SK);
  }

  public boolean hasVlanTag() {
    return get(VLAN_PRESENT) != 0;
  }

  /// Sets the tag beside the packet, or takes it away (`tci` < 0).
  public void setVlanTag(int bigEndianProtocol, int tci) {
    put(VLAN_PRESENT, tci < 0 ? 0 : 1);
    put(VLAN_TCI, Math.max(tci, 0));
    put(VLAN_PROTO, tci < 0 ? 0 : bigEndianProtocol);
  }

  public static boolean isVlan(int bigEndianProtocol) {
    int protocol = bigEndian16(bigEndianProtocol);
    return protocol == ETH_P_8021Q || protocol == ETH_P_8021AD;
  }
}

package bpf4j.cli;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/// Packet captures in the classic pcap format (not pcapng), as tcpdump writes them.
///
/// ```
/// file header  magic u32, version u16 u16, zone u32, accuracy u32, snaplen u32, link type u32
/// each packet  seconds u32, fraction u32, captured length u32, original length u32, bytes
/// ```
///
/// Source: the pcap file format as described by the IETF draft.
///
/// @param nanos whether fractions of a second are nanoseconds, not microseconds
/// @param linkType what the packets begin with: 1 for Ethernet
record Pcap(boolean nanos, int linkType, List<Packet> packets) {
  /// One packet with its time.
  record Packet(int seconds, int fraction, byte[] bytes) {}

  private static final int MICROS_MAGIC = 0xa1b2c3d4;
  private static final int NANOS_MAGIC = 0xa1b23c4d;
  private static final int PCAPNG_MAGIC = 0x0a0d0d0a;
  private static final int HEADER_BYTES = 24;
  private static final int PACKET_HEADER_BYTES = 16;
  private static final int MAX_PACKET = 1 << 18;
  private static final int ETHERNET = 1;

  Pcap {
    packets = List.copyOf(packets);
  }

  /// Reads a capture; throws [InputProblem] naming the file and the offset of what is wrong.
  static Pcap parse(String fileName, byte[] file) {
    if (file.length < HEADER_BYTES) {
      throw wrong(fileName, 0, "no pcap header: " + file.length + " bytes, not 24");
    }
    ByteBuffer buf = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int magic = buf.getInt(0);
    if (magic == PCAPNG_MAGIC) {
      throw wrong(fileName, 0, "a pcapng file; 'tcpdump -r FILE -w NEW' makes a pcap of it");
    }
    if (magic != MICROS_MAGIC && magic != NANOS_MAGIC) {
      buf.order(ByteOrder.BIG_ENDIAN);
      magic = buf.getInt(0);
    }
    if (magic != MICROS_MAGIC && magic != NANOS_MAGIC) {
      throw wrong(fileName, 0, String.format("no pcap file: magic 0x%08x", magic));
    }
    if (buf.getShort(4) != 2) {
      throw wrong(fileName, 4, "pcap version " + buf.getShort(4) + ", not 2");
    }
    int linkType = buf.getInt(20) & 0xffff;
    if (linkType != ETHERNET) {
      throw wrong(fileName, 20, "link type " + linkType + ", not 1 (Ethernet)");
    }
    return new Pcap(magic == NANOS_MAGIC, linkType, packets(fileName, file, buf));
  }

  private static List<Packet> packets(String fileName, byte[] file, ByteBuffer buf) {
    List<Packet> packets = new ArrayList<>();
    int at = HEADER_BYTES;
    while (at < file.length) {
      if (file.length - at < PACKET_HEADER_BYTES) {
        throw wrong(fileName, at, "the header of packet " + packets.size() + " is cut off");
      }
      int length = buf.getInt(at + 8);
      if (length < 0 || length > MAX_PACKET) {
        throw wrong(
            fileName,
            at + 8,
            "packet " + packets.size() + " of " + Integer.toUnsignedString(length) + " bytes");
      }
      if (file.length - at - PACKET_HEADER_BYTES < length) {
        throw wrong(fileName, at, "packet " + packets.size() + " is cut off");
      }
      byte[] bytes = new byte[length];
      buf.get(at + PACKET_HEADER_BYTES, bytes);
      packets.add(new Packet(buf.getInt(at), buf.getInt(at + 4), bytes));
      at += PACKET_HEADER_BYTES + length;
    }
    return packets;
  }

  /// The capture as a little-endian file.
  byte[] toBytes() {
    int size = HEADER_BYTES;
    for (Packet p : packets) {
      size = Math.addExact(size, PACKET_HEADER_BYTES + p.bytes.length);
    }
    ByteBuffer buf = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    buf.putInt(nanos ? NANOS_MAGIC : MICROS_MAGIC).putShort((short) 2).putShort((short) 4);
    buf.putInt(0).putInt(0).putInt(MAX_PACKET).putInt(linkType);
    for (Packet p : packets) {
      buf.putInt(p.seconds).putInt(p.fraction).putInt(p.bytes.length).putInt(p.bytes.length);
      buf.put(p.bytes);
    }
    return buf.array();
  }

  private static InputProblem wrong(String fileName, int offset, String what) {
    return new InputProblem(fileName + ": offset " + offset + ": " + what);
  }
}

package bpf4j.vm.helper;

import bpf4j.maps.GuestMemory;
import bpf4j.model.spec.Errno;
import bpf4j.vm.engine.RunCtx;
import bpf4j.vm.packet.SkBuff;

/// Changing the length, headers and VLAN tags of a socket buffer.
final class SkbShapeHelpers {
  /// `BPF_SKB_MAX_LEN`: what one allocation can hold.
  private static final long MAX_LEN = (4L << 20) - 320;

  private static final int ETH_P_IP = 0x0800;
  private static final int ETH_P_IPV6 = 0x86dd;
  private static final int IPV4_HEADER = 20;
  private static final int IPV6_HEADER = 40;
  private static final int VLAN_HEADER = 4;
  private static final int MAC_ADDRESSES = 12;

  private static final long ROOM_FIXED_GSO = 1;
  private static final long ROOM_ENCAP_L3_IPV4 = 1 << 1;
  private static final long ROOM_ENCAP_L3_IPV6 = 1 << 2;
  private static final long ROOM_ENCAP_L4_GRE = 1 << 3;
  private static final long ROOM_ENCAP_L4_UDP = 1 << 4;
  private static final long ROOM_NO_CSUM_RESET = 1 << 5;
  private static final long ROOM_ENCAP_L2_ETH = 1 << 6;
  private static final long ROOM_DECAP_L3_IPV4 = 1 << 7;
  private static final long ROOM_DECAP_L3_IPV6 = 1 << 8;
  private static final long ROOM_ENCAP_L2_MASK = 0xffL << 56;
  private static final long ROOM_DECAP = ROOM_DECAP_L3_IPV4 | ROOM_DECAP_L3_IPV6;
  private static final long ROOM_ENCAP_L3 = ROOM_ENCAP_L3_IPV4 | ROOM_ENCAP_L3_IPV6;
  private static final long ROOM_KNOWN =
      ROOM_FIXED_GSO
          | ROOM_ENCAP_L3
          | ROOM_ENCAP_L4_GRE
          | ROOM_ENCAP_L4_UDP
          | ROOM_NO_CSUM_RESET
          | ROOM_ENCAP_L2_ETH
          | ROOM_DECAP
          | ROOM_ENCAP_L2_MASK;

  private SkbShapeHelpers() {}

  static void register(HelperRegistry r) {
    r.add("skb_change_tail", SkbShapeHelpers::changeTail);
    r.add("skb_change_head", SkbShapeHelpers::changeHead);
    r.add("skb_change_proto", SkbShapeHelpers::changeProtocol);
    r.add("skb_adjust_room", SkbShapeHelpers::adjustRoom);
    r.add("skb_vlan_push", SkbShapeHelpers::vlanPush);
    r.add("skb_vlan_pop", SkbShapeHelpers::vlanPop);
  }

  private static long changeTail(RunCtx rc, long ctx, long length, long flags, long r4, long r5) {
    SkBuff skb = RunEnv.of(rc).skb();
    long n = length & 0xffff_ffffL;
    long least = Math.max(skb.networkOff(), 0);
    if (flags != 0 || n > MAX_LEN || n < least) {
      return Errno.EINVAL.negated();
    }
    if (!skb.pull(least)) {
      return Errno.ENOMEM.negated();
    }
    skb.changeTail((int) n);
    return 0;
  }

  private static long changeHead(RunCtx rc, long ctx, long room, long flags, long r4, long r5) {
    SkBuff skb = RunEnv.of(rc).skb();
    long n = room & 0xffff_ffffL;
    if (flags != 0 || skb.length() + n > MAX_LEN) {
      return Errno.EINVAL.negated();
    }
    skb.changeHead((int) n);
    return 0;
  }

  private static int protocol(SkBuff skb) {
    return SkBuff.bigEndian16(skb.get(SkBuff.PROTOCOL));
  }

  private static void setProtocol(SkBuff skb, int protocol) {
    skb.put(SkBuff.PROTOCOL, SkBuff.bigEndian16(protocol));
  }

  /// Bytes of the link header.
  private static int macLength(SkBuff skb) {
    return skb.networkOff() - skb.macOff();
  }

  private static long changeProtocol(
      RunCtx rc, long ctx, long newProtocol, long flags, long r4, long r5) {
    SkBuff skb = RunEnv.of(rc).skb();
    if (flags != 0) {
      return Errno.EINVAL.negated();
    }
    int to = SkBuff.bigEndian16((int) newProtocol & 0xffff);
    int from = protocol(skb);
    int difference = IPV6_HEADER - IPV4_HEADER;
    if (from == ETH_P_IP && to == ETH_P_IPV6) {
      skb.openGap(macLength(skb), difference);
    } else if (from == ETH_P_IPV6 && to == ETH_P_IP) {
      if (!skb.pull((long) macLength(skb) + difference)) {
        return Errno.ENOMEM.negated();
      }
      skb.closeGap(macLength(skb), difference);
    } else {
      return Errno.ENOTSUPP.negated();
    }
    setProtocol(skb, to);
    skb.put(SkBuff.HASH, 0);
    return 0;
  }

  private static int networkHeaderLength(int protocol) {
    return switch (protocol) {
      case ETH_P_IP -> IPV4_HEADER;
      case ETH_P_IPV6 -> IPV6_HEADER;
      default -> -1;
    };
  }

  private static long adjustRoom(RunCtx rc, long ctx, long diff, long mode, long flags, long r5) {
    SkBuff skb = RunEnv.of(rc).skb();
    int delta = (int) diff;
    int size = Math.abs(delta);
    int header = networkHeaderLength(protocol(skb));
    if ((flags & ~ROOM_KNOWN) != 0) {
      return Errno.EINVAL.negated();
    }
    if (Integer.compareUnsigned(size, 0xfff) > 0) {
      return Errno.EFAULT.negated();
    }
    int net = 0;
    int mac = 1;
    int m = (int) mode;
    if (header < 0 || (m != net && m != mac)) {
      return Errno.ENOTSUPP.negated();
    }
    int least = header;
    if ((flags & ROOM_DECAP) != 0) {
      if (delta >= 0 || (flags & ROOM_DECAP) == ROOM_DECAP) {
        return Errno.EINVAL.negated();
      }
      least = (flags & ROOM_DECAP_L3_IPV4) != 0 ? IPV4_HEADER : IPV6_HEADER;
    }
    int current = skb.length() - skb.networkOff();
    boolean tooShort = delta < 0 && (size >= current || current - size < least);
    if (tooShort || (delta >= 0 && skb.length() + size > MAX_LEN)) {
      return Errno.ENOTSUPP.negated();
    }
    int off = macLength(skb) + (m == net ? header : 0);
    return delta < 0 ? shrink(skb, off, size, flags) : grow(skb, off, size, flags);
  }

  private static long shrink(SkBuff skb, int off, int size, long flags) {
    if ((flags & ~(ROOM_FIXED_GSO | ROOM_DECAP | ROOM_NO_CSUM_RESET)) != 0) {
      return Errno.EINVAL.negated();
    }
    if (!skb.pull((long) off + size)) {
      return Errno.ENOMEM.negated();
    }
    skb.closeGap(off, size);
    if ((flags & ROOM_DECAP_L3_IPV6) != 0) {
      setProtocol(skb, ETH_P_IPV6);
    } else if ((flags & ROOM_DECAP_L3_IPV4) != 0) {
      setProtocol(skb, ETH_P_IP);
    }
    return 0;
  }

  private static long grow(SkBuff skb, int off, int size, long flags) {
    boolean encapsulates = (flags & ROOM_ENCAP_L3) != 0;
    if (encapsulates) {
      int innerMac = (int) (flags >>> 56);
      boolean two =
          (flags & ROOM_ENCAP_L3) == ROOM_ENCAP_L3
              || ((flags & ROOM_ENCAP_L4_GRE) != 0 && (flags & ROOM_ENCAP_L4_UDP) != 0);
      if (two || ((flags & ROOM_ENCAP_L2_ETH) != 0 && innerMac < SkBuff.ETH_HLEN)) {
        return Errno.EINVAL.negated();
      }
      if (skb.isEncapsulated()) {
        return Errno.EALREADY.negated();
      }
      if (innerMac > size) {
        return Errno.EINVAL.negated();
      }
    }
    skb.openGap(off, size);
    if (encapsulates) {
      skb.setEncapsulated(true);
      setProtocol(skb, (flags & ROOM_ENCAP_L3_IPV6) != 0 ? ETH_P_IPV6 : ETH_P_IP);
    }
    return 0;
  }

  private static long vlanPush(RunCtx rc, long ctx, long protocol, long tci, long r4, long r5) {
    SkBuff skb = RunEnv.of(rc).skb();
    int p = (int) protocol & 0xffff;
    if (!SkBuff.isVlan(p)) {
      p = SkBuff.bigEndian16(0x8100);
    }
    if (skb.hasVlanTag()) {
      int oldProtocol = skb.get(SkBuff.VLAN_PROTO);
      skb.openGap(MAC_ADDRESSES, VLAN_HEADER);
      GuestMemory memory = rc.memory();
      memory.putU16(skb.data() + MAC_ADDRESSES, oldProtocol);
      Checksum.putNetworkU16(memory, skb.data() + MAC_ADDRESSES + 2, skb.get(SkBuff.VLAN_TCI));
      skb.put(SkBuff.PROTOCOL, oldProtocol);
    }
    skb.setVlanTag(p, (int) tci & 0xffff);
    return 0;
  }

  private static long vlanPop(RunCtx rc, long ctx, long r2, long r3, long r4, long r5) {
    SkBuff skb = RunEnv.of(rc).skb();
    if (skb.hasVlanTag()) {
      skb.setVlanTag(0, -1);
    } else if (!SkBuff.isVlan(skb.get(SkBuff.PROTOCOL))) {
      return 0;
    } else if (popFromPacket(rc.memory(), skb) < 0) {
      return Errno.ENOMEM.negated();
    }
    if (SkBuff.isVlan(skb.get(SkBuff.PROTOCOL))) {
      int protocol = skb.get(SkBuff.PROTOCOL);
      int tci = popFromPacket(rc.memory(), skb);
      if (tci < 0) {
        return Errno.ENOMEM.negated();
      }
      skb.setVlanTag(protocol, tci);
    }
    return 0;
  }

  /// Takes the tag out of the packet: its control information, or -1 when the packet is too short.
  private static int popFromPacket(GuestMemory memory, SkBuff skb) {
    if (!skb.pull(SkBuff.ETH_HLEN + VLAN_HEADER)) {
      return -1;
    }
    int tci = Checksum.networkU16(memory, skb.data() + SkBuff.ETH_HLEN);
    int inner = (int) memory.getU16(skb.data() + SkBuff.ETH_HLEN + 2);
    skb.closeGap(MAC_ADDRESSES, VLAN_HEADER);
    skb.put(SkBuff.PROTOCOL, inner);
    return tci;
  }
}

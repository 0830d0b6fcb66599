package bpf4j.vm.helper;

import bpf4j.maps.BpfMap;
import bpf4j.maps.GuestMemory;
import bpf4j.maps.RingbufMap;
import bpf4j.model.spec.AttachType;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.ProgType;
import bpf4j.vm.GuestTrap;
import bpf4j.vm.engine.RunCtx;
import bpf4j.vm.kernel.VirtualKernel;
import bpf4j.vm.packet.SkBuff;
import bpf4j.vm.packet.XdpBuff;
import org.jspecify.annotations.Nullable;

/// What the helpers of one run work on.
public final class RunEnv {
  private final Machine machine;
  private final ProgType type;
  private final @Nullable AttachType attachType;
  private @Nullable SkBuff skb;
  private @Nullable XdpBuff xdp;
  private long cookie;
  private final long[] recordAddrs = new long[64];
  private final @Nullable RingbufMap[] recordRings = new RingbufMap[64];
  private int records;
  private int retval;
  private int functionArgs;
  private long selectedSocket;
  private final java.io.ByteArrayOutputStream printed = new java.io.ByteArrayOutputStream();
  private int redirectIfindex;

  public RunEnv(Machine machine, ProgType type, @Nullable AttachType attachType) {
    this.machine = machine;
    this.type = type;
    this.attachType = attachType;
  }

  /// The environment of a run; a helper called outside of one is a trap.
  public static RunEnv of(RunCtx rc) {
    if (rc.host() instanceof RunEnv env) {
      return env;
    }
    throw new GuestTrap(0, "this run has no kernel: helpers cannot be called");
  }

  public Machine machine() {
    return machine;
  }

  public GuestMemory memory() {
    return machine.memory();
  }

  public VirtualKernel kernel() {
    return machine.kernel();
  }

  public ProgType type() {
    return type;
  }

  public @Nullable AttachType attachType() {
    return attachType;
  }

  /// The live map whose descriptor is at `addr`; a trap when there is none.
  public BpfMap map(long addr) {
    BpfMap map = machine.maps().mapAt(addr);
    if (map == null) {
      throw new GuestTrap(0, "not a map: 0x" + Long.toHexString(addr));
    }
    return map;
  }

  /// The socket buffer that the program works on; a trap for programs that have none.
  public SkBuff skb() {
    SkBuff s = skb;
    if (s == null) {
      throw new GuestTrap(0, "this program has no socket buffer");
    }
    return s;
  }

  public @Nullable SkBuff skbOrNull() {
    return skb;
  }

  public void setSkb(SkBuff newSkb) {
    skb = newSkb;
  }

  /// The XDP buffer that the program works on; a trap for programs that have none.
  public XdpBuff xdp() {
    XdpBuff x = xdp;
    if (x == null) {
      throw new GuestTrap(0, "this program has no XDP buffer");
    }
    return x;
  }

  public @Nullable XdpBuff xdpOrNull() {
    return xdp;
  }

  public void setXdp(XdpBuff newXdp) {
    xdp = newXdp;
  }

  /// What `bpf_get_attach_cookie` gives.
  public long cookie() {
    return cookie;
  }

  public void setCookie(long newCookie) {
    cookie = newCookie;
  }

  /// Device of the last `bpf_redirect` or `bpf_redirect_map`, 0 for none.
  public int redirectIfindex() {
    return redirectIfindex;
  }

  public void setRedirectIfindex(int ifindex) {
    redirectIfindex = ifindex;
  }

  /// Whether the program may change packets through a dynptr.
  boolean writesPackets() {
    return switch (type) {
      case SCHED_CLS, SCHED_ACT, LWT_XMIT, SK_SKB -> true;
      default -> false;
    };
  }

  /// What `bpf_set_retval` and its likes left.
  public int retval() {
    return retval;
  }

  public void setRetval(int value) {
    retval = value;
  }

  /// How many arguments the traced function has.
  int functionArgs() {
    return functionArgs;
  }

  public void setFunctionArgs(int count) {
    functionArgs = count;
  }

  /// What an iterator program has printed.
  public byte[] printed() {
    return printed.toByteArray();
  }

  void print(byte[] text) {
    printed.writeBytes(text);
  }

  /// Address of the socket that an `sk_lookup` program has selected, or 0.
  public long selectedSocket() {
    return selectedSocket;
  }

  /// Source: linux-6.18 `bpf_sk_lookup_assign()`.
  long assignSocket(long sk, long flags) {
    long replace = 1;
    long noReuseport = 1 << 1;
    if ((flags & ~(replace | noReuseport)) != 0) {
      return Errno.EINVAL.negated();
    }
    if (selectedSocket != 0 && (flags & replace) == 0) {
      return Errno.EEXIST.negated();
    }
    selectedSocket = sk;
    return 0;
  }

  /// Notes which ring buffer a reserved record belongs to, until it is submitted or discarded.
  void rememberRecord(long sample, RingbufMap ring) {
    if (records == recordAddrs.length) {
      throw new GuestTrap(0, "more than " + records + " ring buffer records are reserved");
    }
    recordAddrs[records] = sample;
    recordRings[records++] = ring;
  }

  @Nullable RingbufMap takeRecord(long sample) {
    for (int i = records - 1; i >= 0; i--) {
      if (recordAddrs[i] == sample) {
        RingbufMap ring = recordRings[i];
        records--;
        recordAddrs[i] = recordAddrs[records];
        recordRings[i] = recordRings[records];
        return ring;
      }
    }
    return null;
  }

  /// Whether `size` bytes at `addr` are guest memory that somebody owns.
  public boolean isReadable(long addr, long size) {
    GuestMemory memory = machine.memory();
    if ((addr & ~memory.mask()) != 0) {
      return false;
    }
    GuestMemory.Allocation a = memory.allocationAt(addr);
    return a != null && a.live() && addr + size <= a.addr() + a.size();
  }

  /// A negated errno as a helper returns it.
  public static long error(Errno errno) {
    return errno.negated();
  }
}

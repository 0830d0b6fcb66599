package bpf4j.vm;

import bpf4j.model.isa.RawInsn;
import bpf4j.model.proto.HelperTable;
import bpf4j.model.spec.ProgType;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Random programs that call packet helpers with random arguments, and return a digest of all
/// results and of the context fields they can read.
final class RandomPacketPrograms {
  private static final int[] SKB_FIELDS = {0, 4, 8, 16, 20, 24, 28, 32, 36, 40, 48, 52, 160};
  private static final int[] LWT_FIELDS = {0, 4, 8, 16, 20, 24, 28, 32, 36, 40, 48, 52};
  private static final int BUFFER = -64;

  private final Random random;
  private final List<Long> out = new ArrayList<>();

  private RandomPacketPrograms(long seed) {
    random = new Random(seed);
  }

  static long[] generate(long seed, ProgType type) {
    return new RandomPacketPrograms(seed).program(type);
  }

  private long[] program(ProgType type) {
    emit(0xbf, 6, 1, 0, 0);
    emit(0xb7, 7, 0, 0, 0);
    for (int off = BUFFER; off < 0; off += 8) {
      emit(0x7a, 10, 0, off, random.nextInt());
    }
    int calls = 1 + random.nextInt(5);
    for (int i = 0; i < calls; i++) {
      if (type == ProgType.XDP) {
        xdpCall();
      } else if (type == ProgType.SCHED_CLS) {
        tcCall();
      } else {
        commonCall();
      }
      fold(0);
      if (type != ProgType.XDP) {
        readField(type);
      }
    }
    for (int off = BUFFER; off < 0; off += 8) {
      emit(0x79, 0, 10, off, 0);
      fold(0);
    }
    emit(0xbf, 0, 7, 0, 0);
    emit(0x77, 0, 0, 0, 32);
    emit(0xaf, 0, 7, 0, 0);
    if (type == ProgType.CGROUP_SKB) {
      emit(0x57, 0, 0, 0, 1);
    }
    emit(0x95, 0, 0, 0, 0);
    return out.stream().mapToLong(Long::longValue).toArray();
  }

  private void fold(int reg) {
    emit(0x27, 7, 0, 0, 0x1000_01b3);
    emit(0xaf, 7, reg, 0, 0);
  }

  private void readField(ProgType type) {
    int[] fields = type == ProgType.SCHED_CLS ? SKB_FIELDS : LWT_FIELDS;
    emit(0x61, 0, 6, fields[random.nextInt(fields.length)], 0);
    fold(0);
  }

  private void xdpCall() {
    emit(0xbf, 1, 6, 0, 0);
    switch (random.nextInt(7)) {
      case 0 -> call("xdp_adjust_head", random.nextInt(80) - 50);
      case 1 -> call("xdp_adjust_tail", random.nextInt(200) - 120);
      case 2 ->
          call("xdp_adjust_meta", (random.nextInt(24) - 16) * (random.nextInt(4) == 0 ? 1 : 4));
      case 3 -> call("xdp_get_buff_len");
      case 4 -> memory("xdp_load_bytes", random.nextInt(120));
      case 5 -> memory("xdp_store_bytes", random.nextInt(120));
      default -> checksum();
    }
  }

  private void commonCall() {
    emit(0xbf, 1, 6, 0, 0);
    switch (random.nextInt(3)) {
      case 0 -> memory("skb_load_bytes", random.nextInt(120));
      case 1 -> {
        int size = 1 + random.nextInt(32);
        buffer(3, size);
        constant(2, random.nextInt(60));
        constant(4, size);
        constant(5, random.nextInt(2));
        call(HelperTable.id("skb_load_bytes_relative"));
      }
      default -> call("get_hash_recalc_or_len");
    }
  }

  private void tcCall() {
    emit(0xbf, 1, 6, 0, 0);
    switch (random.nextInt(14)) {
      case 0, 1 -> commonCall();
      case 2 -> {
        int size = 1 + random.nextInt(32);
        constant(2, random.nextInt(120));
        buffer(3, size);
        constant(4, size);
        constant(5, random.nextInt(8) == 0 ? 4 : 2 * random.nextInt(2));
        call(HelperTable.id("skb_store_bytes"));
      }
      case 3 -> call("skb_change_tail", random.nextInt(300), random.nextInt(10) == 0 ? 1 : 0);
      case 4 -> call("skb_change_head", random.nextInt(60), random.nextInt(10) == 0 ? 1 : 0);
      case 5 -> call("skb_pull_data", random.nextInt(3) == 0 ? 0 : random.nextInt(200));
      case 6 -> adjustRoom();
      case 7 -> {
        int[] protocols = {0x0081, 0xa888, 0x0008};
        call("skb_vlan_push", protocols[random.nextInt(3)], random.nextInt(0x10000));
      }
      case 8, 9 -> call("skb_vlan_pop");
      case 10 -> {
        int[] protocols = {0x0008, 0xdd86, 0x0081};
        call("skb_change_proto", protocols[random.nextInt(3)], 0);
      }
      case 11 -> call("skb_change_type", random.nextInt(5));
      case 12 -> replace();
      default -> checksum();
    }
  }

  private void adjustRoom() {
    int[] flags = {0, 1, 2, 4, 0x80, 0x100, 0x20, 6};
    constant(2, random.nextInt(60) - 30);
    constant(3, random.nextInt(3));
    constant(4, flags[random.nextInt(flags.length)]);
    call(HelperTable.id("skb_adjust_room"));
  }

  private void replace() {
    int[] sizes = {0, 2, 4, 3};
    boolean l3 = random.nextBoolean();
    int size = sizes[random.nextInt(4)];
    constant(2, random.nextInt(80));
    constant(3, size == 0 ? 0 : random.nextInt());
    constant(4, random.nextInt());
    constant(5, size | (l3 ? 0 : random.nextInt(4) * 0x10));
    call(HelperTable.id(l3 ? "l3_csum_replace" : "l4_csum_replace"));
  }

  private void checksum() {
    int from = 4 * random.nextInt(5);
    int to = 4 * random.nextInt(5) + (random.nextInt(10) == 0 ? 1 : 0);
    buffer(1, from);
    constant(2, from);
    emit(0xbf, 3, 10, 0, 0);
    emit(0x07, 3, 0, 0, -32);
    constant(4, to);
    constant(5, random.nextInt());
    call(HelperTable.id("csum_diff"));
  }

  private void memory(String helper, int off) {
    int size = 1 + random.nextInt(32);
    constant(2, off);
    buffer(3, size);
    constant(4, size);
    call(HelperTable.id(helper));
  }

  /// reg = address of the stack buffer, which has room for `size` bytes.
  private void buffer(int reg, int size) {
    emit(0xbf, reg, 10, 0, 0);
    emit(0x07, reg, 0, 0, BUFFER + random.nextInt(Math.max(32 - size, 0) + 1));
  }

  private void constant(int reg, int value) {
    emit(0xb7, reg, 0, 0, value);
  }

  private void call(String helper, int... args) {
    if (helper.equals("get_hash_recalc_or_len")) {
      emit(0x61, 0, 6, 0, 0);
      return;
    }
    for (int i = 0; i < args.length; i++) {
      constant(2 + i, args[i]);
    }
    call(HelperTable.id(helper));
  }

  private void call(int id) {
    emit(0x85, 0, 0, 0, id);
  }

  private void emit(int opcode, int dst, int src, int off, int imm) {
    out.add(RawInsn.of(opcode, dst, src, off, imm));
  }
}

package bpf4j.verifier.btf;

import bpf4j.model.btf.Btf;
import bpf4j.verifier.env.Env;
import java.util.List;

/// Members of kernel structs that some program types may write. Sources:
/// `bpf_tcp_ca_btf_struct_access` and `_nf_conntrack_btf_struct_access` of Linux 6.18.
final class WritableFields {
  private static final List<String> TCP_SOCK =
      List.of(
          "snd_cwnd", "snd_cwnd_cnt", "snd_cwnd_stamp", "snd_ssthresh", "ecn_flags", "app_limited");

  private WritableFields() {}

  static boolean conntrack(Env env, Btf btf, String struct, int off, int size) {
    if (!struct.equals("nf_conn") && !struct.equals("nf_conn___init")) {
      env.log.print("only read is supported\n");
      return false;
    }
    int id = btf.find("nf_conn", bpf4j.model.btf.BtfKind.STRUCT);
    int[] mark = id == 0 ? null : range(btf, id, "mark");
    if (mark == null || off != mark[0]) {
      env.log.printf("no write support to nf_conn at off %d\n", off);
      return false;
    }
    if (off + size > mark[1]) {
      env.log.printf(
          "write access at off %d with size %d beyond the member of nf_conn ended at %d\n",
          off, size, mark[1]);
      return false;
    }
    return true;
  }

  static boolean tcpCongestion(Env env, Btf btf, String struct, int off, int size) {
    if (!struct.equals("tcp_sock")) {
      env.log.print("only read is supported\n");
      return false;
    }
    int[] r = find(btf, off);
    if (r == null) {
      env.log.printf("no write support to tcp_sock at off %d\n", off);
      return false;
    }
    if (off + size > r[1]) {
      env.log.printf(
          "write access at off %d with size %d beyond the member of tcp_sock ended at %d\n",
          off, size, r[1]);
      return false;
    }
    return true;
  }

  private static int @org.jspecify.annotations.Nullable [] find(Btf btf, int off) {
    int tcp = btf.find("tcp_sock", bpf4j.model.btf.BtfKind.STRUCT);
    int icsk = btf.find("inet_connection_sock", bpf4j.model.btf.BtfKind.STRUCT);
    int sock = btf.find("sock", bpf4j.model.btf.BtfKind.STRUCT);
    if (tcp == 0 || icsk == 0 || sock == 0) {
      return null;
    }
    for (String name : TCP_SOCK) {
      int[] r = range(btf, tcp, name);
      if (r != null && off == r[0]) {
        return r;
      }
    }
    int[] priv = range(btf, icsk, "icsk_ca_priv");
    if (priv != null && off >= priv[0] && off < priv[1]) {
      return priv;
    }
    int ack = btf.memberIndex(icsk, "icsk_ack");
    if (ack >= 0) {
      int base = btf.memberBitOffset(icsk, ack) / 8;
      int[] pending = range(btf, btf.memberType(icsk, ack), "pending");
      if (pending != null && off == base + pending[0]) {
        return new int[] {off, base + pending[1]};
      }
    }
    for (String name : List.of("sk_pacing_rate", "sk_pacing_status")) {
      int[] r = range(btf, sock, name);
      if (r != null && off == r[0]) {
        return r;
      }
    }
    return null;
  }

  /// First byte of a member and the first behind it, also of a member of an unnamed struct inside.
  private static int @org.jspecify.annotations.Nullable [] range(
      Btf btf, int structId, String name) {
    for (int i = 0; i < btf.vlen(structId); i++) {
      int off = btf.memberBitOffset(structId, i) / 8;
      int type = btf.memberType(structId, i);
      if (btf.memberName(structId, i).equals(name)) {
        return new int[] {off, off + (int) btf.resolveSize(type)};
      }
      if (btf.memberName(structId, i).isEmpty() && btf.kind(type).isComposite()) {
        int[] inner = range(btf, type, name);
        if (inner != null) {
          return new int[] {off + inner[0], off + inner[1]};
        }
      }
    }
    return null;
  }
}

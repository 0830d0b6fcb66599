package bpf4j.maps;

import bpf4j.model.btf.Btf;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.MapType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Performs the lines of `testdata/maps/golden/*.calls` on our maps and says what came back, in the
/// words of `map-calls.c`.
final class MapCalls {
  private static final HexFormat HEX = HexFormat.of();
  private static final int NEVER_OPEN = 1000;

  private final MapTable table;
  private final Map<String, Object> objects = new HashMap<>();
  private final Map<String, Integer> rawFds = new HashMap<>();
  private byte[] types = new byte[0];

  /// A program, socket or other object that the calls refer to.
  private record Prog(int id, Object tailCallOwner) implements VirtualKernel.Prog {}

  private record Socket(int id, boolean fitsSockmap) implements VirtualKernel.Socket {
    @Override
    public long cookie() {
      return id;
    }
  }

  private record Perf(int id) implements VirtualKernel.PerfEvent {
    @Override
    public int cpu() {
      return 0;
    }

    @Override
    public int output(int cpu, byte[] sample) {
      return 0;
    }
  }

  private record Cgroup(int id) implements VirtualKernel.Cgroup {
    @Override
    public VirtualKernel.@Nullable Cgroup parent() {
      return null;
    }
  }

  private record Task(int id) implements VirtualKernel.Task {}

  private record File(int id) implements KernelObject {}

  MapCalls(MapTable table) {
    this.table = table;
  }

  void endCase() {
    objects.forEach((name, object) -> {
      if (object instanceof MapFd fd) {
        fd.close();
      } else if (rawFds.containsKey(name)) {
        table.fds().close(rawFds.get(name));
      }
    });
    objects.clear();
    rawFds.clear();
  }

  void types(String hex) {
    types = HEX.parseHex(hex);
  }

  /// What the call answers, as the golden line has it behind ` => `.
  String perform(String line) {
    String[] arg = line.split(" ");
    try {
      return switch (arg[0]) {
        case "create" -> create(arg);
        case "btf" -> put(arg[1], Btf.parse(types));
        case "object" -> object(arg[1], arg[2]);
        case "open" -> put(arg[1], table.open(map(arg[2]).id(), Integer.decode(arg[3])));
        case "close" -> close(arg[1]);
        case "freeze" -> {
          map(arg[1]).freeze();
          yield "0";
        }
        case "info" -> info(map(arg[1]));
        case "batch" -> batch(arg);
        default -> element(arg);
      };
    } catch (MapException e) {
      return Integer.toString(e.errno().negated());
    }
  }

  private String put(String name, Object object) {
    objects.put(name, object);
    return "0";
  }

  private String close(String name) {
    if (objects.remove(name) instanceof MapFd fd) {
      fd.close();
    }
    return "0";
  }

  private MapFd map(String name) {
    if (objects.get(name) instanceof MapFd fd) {
      return fd;
    }
    throw new MapException(Errno.EBADF, name + " is no open map");
  }

  private String object(String name, String kind) {
    int id = 1_000_000 + objects.size();
    KernelObject object =
        switch (kind) {
          case "prog", "xdp" -> new Prog(id, kind);
          case "tcp" -> new Socket(id, false);
          case "udp" -> new Socket(id, false);
          case "perf" -> new Perf(id);
          case "cgroup" -> new Cgroup(id);
          case "task" -> new Task(id);
          default -> new File(id);
        };
    rawFds.put(name, table.fds().install(object));
    return put(name, object);
  }

  private String create(String[] arg) {
    Map<String, String> field = new HashMap<>();
    for (int i = 2; i < arg.length; i++) {
      field.put(
          arg[i].substring(0, arg[i].indexOf('=')), arg[i].substring(arg[i].indexOf('=') + 1));
    }
    int type = number(field, "type");
    if (type >= MapType.values().length) {
      throw new MapException(Errno.EINVAL, "no such type");
    }
    Btf btf = objects.get(field.getOrDefault("btf", "")) instanceof Btf b ? b : null;
    MapSpec spec =
        new MapSpec(
            field.getOrDefault("name", ""),
            MapType.ofId(type),
            number(field, "key"),
            number(field, "value"),
            number(field, "max"),
            number(field, "flags"),
            Long.decode(field.getOrDefault("extra", "0")),
            number(field, "numa"),
            null,
            false,
            btf,
            number(field, "ktype"),
            number(field, "vtype"),
            MapSpec.Kind.DEFINED,
            List.of(),
            new byte[0],
            false);
    Object inner = objects.get(field.getOrDefault("inner", ""));
    if (spec.isMapInMap() && inner != null && !(inner instanceof MapFd)) {
      // The kernel looks at its own attributes first and then at the template's descriptor.
      MapCreateCheck.check(spec);
      throw new MapException(Errno.EINVAL, "the template is no map");
    }
    return put(arg[1], table.create(spec, inner instanceof MapFd fd ? fd : null));
  }

  private static int number(Map<String, String> field, String name) {
    return Long.decode(field.getOrDefault(name, "0")).intValue();
  }

  private String info(MapFd fd) {
    MapInfo m = fd.info();
    return "0 type=%d key=%s value=%s max=%s flags=0x%x extra=0x%x name=%s"
        .formatted(
            m.type().id(),
            Integer.toUnsignedString(m.keySize()),
            Integer.toUnsignedString(m.valueSize()),
            Integer.toUnsignedString(m.maxEntries()),
            m.flags(),
            m.mapExtra(),
            m.name());
  }

  private String element(String[] arg) {
    MapFd fd = map(arg[1]);
    byte[] key = bytes(arg[2]);
    return switch (arg[0]) {
      case "lookup" -> {
        boolean bloom = fd.type() == MapType.BLOOM_FILTER && number(arg[3]) == 0;
        // The recorder's value buffer, which says what to look for, holds zeros.
        byte[] zeros = new byte[bloom ? fd.valueSize() : 0];
        yield bloom
            ? answer(fd.mayContain(zeros) ? zeros : null)
            : answer(fd.lookup(key, number(arg[3])));
      }
      case "take" -> answer(fd.lookupAndDelete(key, number(arg[3])));
      case "next" -> answer(fd.nextKey(arg[2].equals("none") ? null : key));
      case "delete" -> fd.delete(key) ? "0" : "-2";
      case "peek" -> peek(fd, key);
      case "update" -> {
        fd.update(key, bytes(arg[3]), number(arg[4]));
        yield "0";
      }
      default -> throw new IllegalArgumentException(arg[0]);
    };
  }

  private static String peek(MapFd fd, byte[] value) {
    if (fd.type() == MapType.BLOOM_FILTER) {
      return fd.mayContain(value) ? "0" : "-2";
    }
    if (fd.map().spec().keySize() != 0) {
      return "-14"; // the golden call passes no key, which never reaches a map
    }
    return fd.lookup(new byte[0]) == null ? "-2" : "0";
  }

  private String batch(String[] arg) {
    int count = Integer.decode(arg[4]);
    if (!(objects.get(arg[1]) instanceof MapFd fd)) {
      return Errno.EBADF.negated() + " " + count;
    }
    long flags = number(arg[7]);
    List<byte[]> keys = split(bytes(arg[5]), fd.map().spec().keySize());
    List<byte[]> values = split(bytes(arg[6]), fd.valueSize());
    BatchResult result;
    try {
      result =
          switch (arg[2]) {
            case "lookup" -> fd.lookupBatch(null, count, flags);
            case "take" -> fd.lookupAndDeleteBatch(null, count, flags);
            case "update" -> fd.updateBatch(keys, values, flags);
            default -> fd.deleteBatch(keys, flags);
          };
    } catch (MapException e) {
      return e.errno().negated() + " " + count; // the kernel leaves the count as it was
    }
    StringBuilder out = new StringBuilder();
    out.append(result.errno() == null ? 0 : result.errno().negated()).append(' ');
    out.append(result.count());
    for (int i = 0; i < result.keys().size(); i++) {
      out.append(shown(result.keys().get(i))).append(shown(result.values().get(i)));
    }
    return out.toString();
  }

  private static List<byte[]> split(byte[] all, int size) {
    List<byte[]> parts = new ArrayList<>();
    for (int i = 0; size > 0 && i + size <= all.length; i += size) {
      parts.add(java.util.Arrays.copyOfRange(all, i, i + size));
    }
    return parts;
  }

  private static long number(String text) {
    return text.startsWith("-") ? Long.parseLong(text) : Long.parseUnsignedLong(text);
  }

  private String answer(byte @Nullable [] bytes) {
    return bytes == null ? "-2" : "0" + (bytes.length == 0 ? "" : shown(bytes));
  }

  private String shown(byte[] bytes) {
    if (bytes.length == 4) {
      for (var e : objects.entrySet()) {
        boolean named = e.getValue() instanceof MapFd || e.getValue() instanceof Prog;
        if (named
            && !e.getKey().equals("x")
            && ((KernelObject) e.getValue()).id() == GuestBytes.u32(bytes)) {
          return " =" + e.getKey();
        }
      }
    }
    return " " + HEX.formatHex(bytes);
  }

  private byte[] bytes(String text) {
    if (text.equals("none")) {
      return new byte[0];
    }
    StringBuilder hex = new StringBuilder();
    for (int i = 0; i < text.length(); ) {
      if (text.charAt(i) != '@') {
        hex.append(text, i, i + 2);
        i += 2;
        continue;
      }
      boolean wide = text.charAt(i + 1) == '@';
      int from = i + (wide ? 2 : 1);
      int to = from;
      while (to < text.length() && text.charAt(to) != '@') {
        to++;
      }
      String name = text.substring(from, to);
      Object object = objects.get(name);
      int fd = object instanceof MapFd map ? map.fd() : rawFds.getOrDefault(name, NEVER_OPEN);
      hex.append(HEX.formatHex(wide ? GuestBytes.u64(fd) : GuestBytes.u32(fd)));
      i = to;
    }
    return HEX.parseHex(hex);
  }
}

package bpf4j.cli;

import bpf4j.maps.MapFd;
import bpf4j.vm.GuestTrap;
import bpf4j.vm.Program;
import bpf4j.vm.RunResult;
import bpf4j.vm.TestRun;
import bpf4j.vm.TestRunException;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Writes what runs did, for people or as JSON Lines.
final class RunReport {
  private final String object;
  private final Output out;
  private final Colour colour;
  private final boolean json;
  private String program = "";
  private int packet = -1;
  private @Nullable JsonWriter line;

  RunReport(String object, Output out, Colour colour, boolean json) {
    this.object = object;
    this.out = out;
    this.colour = colour;
    this.json = json;
  }

  /// A run begins.
  ///
  /// @param packetIdx number of the packet in a capture, or -1
  void begin(String programName, int packetIdx) {
    program = programName;
    packet = packetIdx;
  }

  /// The run came to its end.
  void ran(Program ran, TestRun run, RunResult result, List<String> trace) {
    if (json) {
      line = jsonLine(run, result, trace);
      return;
    }
    out.println(
        name()
            + "returned "
            + colour.strong(ReturnName.of(ran.type(), result.retval()))
            + colour.faint(
                " in "
                    + result.durationNanos()
                    + " ns"
                    + (run.repeat() > 1 ? " (average of " + run.repeat() + ")" : "")
                    + " ["
                    + result.tier().name().toLowerCase(Locale.ROOT)
                    + "]"));
    trace.forEach(text -> out.println("  trace: " + text.strip()));
    byte[] before = run.dataIn();
    if (before != null) {
      packetOut(before, result.dataOut());
    }
    byte[] ctx = result.ctxOut();
    if (ctx != null) {
      out.println("  context out, " + Text.count(ctx.length, "byte") + ":");
      indent(HexDump.of(ctx, run.ctxIn(), colour));
    }
  }

  /// The run is over; the maps of `live` are shown unless it is null.
  void end(@Nullable LiveObject live) {
    MapDump dump = live == null ? null : new MapDump(live);
    JsonWriter open = line;
    if (open != null) {
      if (live != null && dump != null) {
        open.beginObject("maps");
        for (MapFd map : named(live)) {
          open.name(map.map().spec().name()).raw(dump.json(map));
        }
        open.endObject();
      }
      out.println(open.endObject().toString());
      line = null;
    } else if (live != null && dump != null) {
      for (MapFd map : named(live)) {
        out.println(
            "map "
                + colour.strong(map.map().spec().name())
                + " ("
                + map.type().name().toLowerCase(Locale.ROOT)
                + "):");
        indent(dump.text(map));
      }
    }
  }

  /// A program was not loaded, so nothing ran.
  void notLoaded(LiveObject.NotLoaded e) {
    if (json) {
      out.println(
          new JsonWriter()
              .beginObject()
              .field("object", object)
              .field("program", e.program())
              .field("verdict", e.rejected() ? "reject" : "error")
              .field("errno", e.errno())
              .field("message", e.getMessage())
              .endObject()
              .toString());
    } else {
      out.println(
          object
              + " "
              + colour.strong(e.program())
              + ": "
              + colour.bad(e.rejected() ? "rejected" : "cannot be loaded")
              + " ("
              + e.errno()
              + "): "
              + e.getMessage());
    }
  }

  /// The program did what no verified program may, or ran out of its budget.
  void trapped(GuestTrap e) {
    problem("trap", e.slotIdx(), String.valueOf(e.getMessage()));
  }

  /// The kernel would refuse this test run.
  void refused(TestRunException e) {
    problem(e.errno().name(), -1, String.valueOf(e.getMessage()));
  }

  private void problem(String error, int slotIdx, String message) {
    if (json) {
      JsonWriter fields =
          new JsonWriter()
              .beginObject()
              .field("object", object)
              .field("program", program)
              .field("error", error)
              .field("message", message);
      if (slotIdx >= 0) {
        fields.field("slot", slotIdx);
      }
      out.println(fields.endObject().toString());
    } else {
      out.println(
          name()
              + colour.bad("failed")
              + " ("
              + error
              + (slotIdx >= 0 ? " at slot " + slotIdx : "")
              + "): "
              + message);
    }
  }

  private JsonWriter jsonLine(TestRun run, RunResult result, List<String> trace) {
    JsonWriter fields =
        new JsonWriter().beginObject().field("object", object).field("program", program);
    if (packet >= 0) {
      fields.field("packet", packet);
    }
    fields
        .field("retval", result.retval())
        .field("duration_ns", result.durationNanos())
        .field("repeat", Math.max(1, run.repeat()))
        .field("tier", result.tier().name().toLowerCase(Locale.ROOT));
    if (run.dataIn() != null) {
      fields.field("data_out", result.dataOut());
    }
    if (result.ctxOut() != null) {
      fields.field("ctx_out", result.ctxOut());
    }
    if (result.errno() != null) {
      fields.field("errno", result.errno().name());
    }
    if (!trace.isEmpty()) {
      fields.beginArray("trace");
      trace.forEach(text -> fields.value(text));
      fields.endArray();
    }
    return fields;
  }

  private String name() {
    return object + " " + colour.strong(program) + (packet >= 0 ? "[" + packet + "]" : "") + ": ";
  }

  private void packetOut(byte[] before, byte[] after) {
    int changed = HexDump.changed(after, before);
    String size =
        before.length == after.length
            ? Text.count(after.length, "byte")
            : after.length + " bytes (" + before.length + " before)";
    if (changed == 0 && before.length == after.length) {
      out.println("  packet out, " + size + ", as it came in");
    } else {
      out.println("  packet out, " + size + ", " + changed + " changed:");
      indent(HexDump.of(after, before, colour));
    }
  }

  private void indent(String text) {
    text.lines().forEach(each -> out.println("    " + each));
  }

  private static List<MapFd> named(LiveObject live) {
    return live.collection().maps().stream().filter(m -> !m.map().spec().name().isEmpty()).toList();
  }
}

package bpf4j.cli;

import bpf4j.model.spec.AttachType;
import bpf4j.model.spec.LoadError;
import bpf4j.model.spec.ProgramSpec;
import bpf4j.verifier.Verdict;
import bpf4j.verifier.VerifierStats;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Writes verdicts in one of the output formats of `bpf4j verify`.
abstract class VerdictReport {
  final Output out;

  private VerdictReport(Output out) {
    this.out = out;
  }

  /// The report for a format.
  static VerdictReport of(VerifyCommand.Format format, Output out, Colour colour, boolean withLog) {
    return switch (format) {
      case TEXT -> new TextReport(out, colour, withLog);
      case JSON -> new JsonReport(out, withLog);
      case CSV -> new CsvReport(out);
    };
  }

  /// Before the first file.
  void begin() {}

  /// A file that is no object.
  abstract void unreadable(Path file, ObjectReader.Problem problem);

  /// A program that libbpf would not hand to the kernel.
  abstract void notLoaded(String object, ProgramSpec program, LoadError error);

  /// The verifier's answer.
  abstract void verdict(String object, ProgramSpec program, Verdict verdict);

  /// After the last file.
  void end(int accepted, int rejected, int errors) {}

  /// One line a program for people, and the log where it is wanted.
  private static final class TextReport extends VerdictReport {
    private final Colour colour;
    private final boolean withLog;

    TextReport(Output out, Colour colour, boolean withLog) {
      super(out);
      this.colour = colour;
      this.withLog = withLog;
    }

    @Override
    void unreadable(Path file, ObjectReader.Problem problem) {
      out.println(
          file + ": " + colour.bad("error") + " (" + problem.errno() + "): " + problem.message());
    }

    @Override
    void notLoaded(String object, ProgramSpec program, LoadError error) {
      out.println(
          name(object, program)
              + colour.bad("cannot be loaded")
              + " ("
              + error.errnoName()
              + "): "
              + error.message());
    }

    @Override
    void verdict(String object, ProgramSpec program, Verdict verdict) {
      VerifierStats stats = verdict.stats();
      String numbers =
          stats.processedInsns()
              + " insns processed, "
              + Text.count(stats.totalStates(), "state")
              + ", stack "
              + stats.stackDepths();
      out.println(
          switch (verdict) {
            case Verdict.Accept _ ->
                name(object, program) + colour.good("accepted") + "  " + colour.faint(numbers);
            case Verdict.Reject r ->
                name(object, program)
                    + colour.bad("rejected")
                    + " ("
                    + r.errno()
                    + "): "
                    + r.message();
          });
      if (withLog) {
        out.print(verdict.log());
      }
    }

    @Override
    void end(int accepted, int rejected, int errors) {
      if (accepted + rejected + errors > 1) {
        out.println(
            accepted
                + " accepted, "
                + rejected
                + " rejected"
                + (errors > 0 ? ", " + errors + " not loaded" : ""));
      }
    }

    private String name(String object, ProgramSpec program) {
      return object + " " + colour.strong(program.name()) + " (" + program.section() + "): ";
    }
  }

  /// JSON Lines.
  private static final class JsonReport extends VerdictReport {
    private final boolean withLog;

    JsonReport(Output out, boolean withLog) {
      super(out);
      this.withLog = withLog;
    }

    @Override
    void unreadable(Path file, ObjectReader.Problem problem) {
      new JsonWriter(out)
          .beginObject()
          .field("object", problem.object())
          .field("verdict", "error")
          .field("errno", problem.errno())
          .field("message", problem.message())
          .endObject()
          .endLine();
    }

    @Override
    void notLoaded(String object, ProgramSpec program, LoadError error) {
      JsonWriter line = begin(object, program, "error", error.errnoName(), error.message());
      line.field("insn_cnt", program.insns().length).endObject().endLine();
    }

    @Override
    void verdict(String object, ProgramSpec program, Verdict verdict) {
      JsonWriter line =
          switch (verdict) {
            case Verdict.Accept _ -> begin(object, program, "accept", null, null);
            case Verdict.Reject r ->
                begin(object, program, "reject", r.errno().name(), r.message());
          };
      VerifierStats stats = verdict.stats();
      line.field("insn_cnt", program.insns().length)
          .field("processed_insns", stats.processedInsns())
          .field("total_states", stats.totalStates())
          .field("peak_states", stats.peakStates())
          .field("max_states_per_insn", stats.maxStatesPerInsn())
          .field("mark_read", stats.markRead())
          .field("stack_depth", stats.stackDepths())
          .field("verification_time_us", stats.verificationTimeUsec())
          .field("log", withLog ? verdict.log() : "")
          .endObject()
          .endLine();
    }

    private JsonWriter begin(
        String object,
        ProgramSpec program,
        String verdict,
        @Nullable String errno,
        @Nullable String message) {
      return new JsonWriter(out)
          .beginObject()
          .field("object", object)
          .field("program", program.name())
          .field("section", program.section())
          .field("type", Text.typeName(program.type()))
          .field("attach_type", attachType(program))
          .field("verdict", verdict)
          .field("errno", errno)
          .field("message", message);
    }

    private static String attachType(ProgramSpec program) {
      int id = program.expectedAttachType();
      return id < AttachType.values().length
          ? AttachType.ofId(id).name().toLowerCase(Locale.ROOT)
          : Integer.toString(id);
    }
  }

  /// The columns of the kernel's `veristat -o csv`.
  private static final class CsvReport extends VerdictReport {
    CsvReport(Output out) {
      super(out);
    }

    @Override
    void begin() {
      out.println(
          "file_name,prog_name,verdict,duration,total_insns,total_states,peak_states,"
              + "max_states_per_insn,max_mark_read_len");
    }

    @Override
    void unreadable(Path file, ObjectReader.Problem problem) {}

    @Override
    void notLoaded(String object, ProgramSpec program, LoadError error) {
      out.println(quoted(object) + "," + quoted(program.name()) + ",failure,0,0,0,0,0,0");
    }

    @Override
    void verdict(String object, ProgramSpec program, Verdict verdict) {
      VerifierStats stats = verdict.stats();
      String word =
          switch (verdict) {
            case Verdict.Accept _ -> "success";
            case Verdict.Reject _ -> "failure";
          };
      out.println(
          String.join(
              ",",
              quoted(object),
              quoted(program.name()),
              word,
              Long.toString(stats.verificationTimeUsec()),
              Integer.toString(stats.processedInsns()),
              Integer.toString(stats.totalStates()),
              Integer.toString(stats.peakStates()),
              Integer.toString(stats.maxStatesPerInsn()),
              Integer.toString(stats.markRead())));
    }

    private static String quoted(String text) {
      return text.matches("[^,\"\\r\\n]*") ? text : '"' + text.replace("\"", "\"\"") + '"';
    }
  }
}

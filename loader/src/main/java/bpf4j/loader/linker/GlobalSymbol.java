package bpf4j.loader.linker;

import org.jspecify.annotations.Nullable;

/// What is known of a global or extern name while objects are added.
final class GlobalSymbol {
  final int symbolIdx;
  @Nullable TargetSection section;
  boolean extern;
  boolean weak;

  /// Its VAR or FUNC in the output's types, 0 before there is one.
  int btfId;

  /// Id in the current input of the type or prototype to give it, or -1 where nothing is to change.
  int pendingTarget = -1;

  /// Whether the next object's VAR or FUNC brings the type to use.
  boolean wantsTarget = true;

  /// The type or prototype it has in the output.
  int target;

  /// Its place among the variables of its section, null before it has one.
  TargetSection.@Nullable Variable variable;

  GlobalSymbol(int symbolIdx) {
    this.symbolIdx = symbolIdx;
  }
}

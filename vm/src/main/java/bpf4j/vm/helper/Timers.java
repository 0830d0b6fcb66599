package bpf4j.vm.helper;

import bpf4j.maps.BpfMap;
import bpf4j.maps.MapTable;
import bpf4j.model.spec.Errno;
import bpf4j.vm.engine.RunCtx;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The timers of a collection's map values, by address.
public final class Timers {
  private static final class Timer {
    final long map;
    long callback;
    boolean active;
    long dueNanos;

    Timer(long map) {
      this.map = map;
    }
  }

  private final MapTable maps;
  private final Map<Long, Timer> timers = new HashMap<>();

  Timers(MapTable maps) {
    this.maps = maps;
  }

  /// False when the timer was initialised before.
  synchronized boolean init(long addr, long map) {
    return timers.putIfAbsent(addr, new Timer(map)) == null;
  }

  synchronized long setCallback(long addr, long callback) {
    Timer t = timers.get(addr);
    if (t == null) {
      return Errno.EINVAL.negated();
    }
    t.callback = callback;
    return 0;
  }

  synchronized long start(long addr, long dueNanos) {
    Timer t = timers.get(addr);
    if (t == null || t.callback == 0) {
      return Errno.EINVAL.negated();
    }
    t.active = true;
    t.dueNanos = dueNanos;
    return 0;
  }

  /// 1 when it was running, 0 when not.
  synchronized long cancel(long addr) {
    Timer t = timers.get(addr);
    if (t == null) {
      return Errno.EINVAL.negated();
    }
    boolean was = t.active;
    t.active = false;
    return was ? 1 : 0;
  }

  /// Runs the callbacks of all timers that are due, the earliest first; those they start anew only
  /// when their time has come too.
  public void fireDue(RunCtx rc, long nowNanos) {
    for (int fired = 0; fired < 1 << 16; fired++) {
      long addr = takeDue(nowNanos);
      if (addr == 0) {
        return;
      }
      fire(rc, addr);
    }
  }

  private synchronized long takeDue(long nowNanos) {
    long best = 0;
    Timer bestTimer = null;
    for (Map.Entry<Long, Timer> e : timers.entrySet()) {
      Timer t = e.getValue();
      if (t.active
          && t.dueNanos <= nowNanos
          && (bestTimer == null || t.dueNanos < bestTimer.dueNanos)) {
        best = e.getKey();
        bestTimer = t;
      }
    }
    if (bestTimer != null) {
      bestTimer.active = false;
    }
    return best;
  }

  private synchronized @Nullable Timer get(long addr) {
    return timers.get(addr);
  }

  private void fire(RunCtx rc, long addr) {
    Timer t = get(addr);
    BpfMap map = t == null ? null : maps.mapAt(t.map);
    if (t == null || map == null) {
      return;
    }
    int size = map.spec().valueSize();
    long[] element = {0, 0};
    map.forEachElem(
        (key, value) -> {
          if (addr >= value && addr < value + size) {
            element[0] = key;
            element[1] = value;
            return 1;
          }
          return 0;
        },
        0,
        rc.cpu());
    if (element[1] != 0) {
      rc.memory().copy(rc.scratch(), element[0], map.spec().keySize());
      rc.callBack(t.callback, t.map, rc.scratch(), element[1], 0, 0);
    }
  }
}

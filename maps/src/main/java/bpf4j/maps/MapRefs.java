package bpf4j.maps;

/// The two counts of a map's life.
///
/// `refcnt` counts everything that keeps the map: user handles, programs, and slots of outer maps.
/// `usercnt` counts user handles only; when it reaches 0 the map drops what user space alone may
/// hold (timers, the entries of a perf event array), though a slot or a program keeps its data.
final class MapRefs {
  private final BpfMap map;
  private int refcnt = 1;
  private int usercnt = 1;

  MapRefs(BpfMap map) {
    this.map = map;
  }

  /// One more slot or program; false when the map is on its way out already.
  synchronized boolean inc() {
    if (refcnt == 0) {
      return false;
    }
    refcnt++;
    return true;
  }

  /// One more user handle; false when the map is on its way out already.
  synchronized boolean incUser() {
    if (refcnt == 0) {
      return false;
    }
    refcnt++;
    usercnt++;
    return true;
  }

  /// One slot or program less; the last one frees the map once no run can see it.
  void put() {
    boolean last;
    synchronized (this) {
      last = --refcnt == 0;
    }
    if (last) {
      map.table.retire(map);
    }
  }

  void putUser() {
    boolean lastUser;
    synchronized (this) {
      lastUser = --usercnt == 0;
    }
    if (lastUser) {
      map.releaseUref();
    }
    put();
  }

  synchronized int refcnt() {
    return refcnt;
  }

  synchronized int usercnt() {
    return usercnt;
  }
}

package bpf4j.maps;

import java.util.function.IntConsumer;
import java.util.function.IntPredicate;

/// An active and an inactive list, and the rules that move elements between them and out.
///
/// An element that was looked up since its list last turned is spared once. Not thread-safe.
/// Source: linux-6.18 `bpf_lru_list.c`.
final class LruGeneration {
  private static final int ACTIVE = 1;
  private static final int INACTIVE = 2;

  private final GuestMemory memory;
  private final LruQueue active;
  private final LruQueue inactive;

  /// How many elements one turn looks at.
  private final int scans;

  /// Takes an element out of its bucket; false when it is in none.
  private final IntPredicate unlink;

  /// Where the next turn of the inactive list begins; 0 is the place before the front and behind
  /// the back.
  private int rotation;

  LruGeneration(GuestMemory memory, int scans, IntPredicate unlink) {
    this.memory = memory;
    this.scans = scans;
    this.unlink = unlink;
    this.active = new LruQueue(memory, ACTIVE);
    this.inactive = new LruQueue(memory, INACTIVE);
  }

  private boolean isRef(int elem) {
    return memory.getU32(Integer.toUnsignedLong(elem) + HashLayout.LRU_REF) != 0;
  }

  private void clearRef(int elem) {
    memory.putU32(Integer.toUnsignedLong(elem) + HashLayout.LRU_REF, 0);
  }

  void addActive(int elem) {
    clearRef(elem);
    active.pushFront(elem);
  }

  void addInactive(int elem) {
    clearRef(elem);
    inactive.pushFront(elem);
  }

  /// Takes an element out of the list it is in; false when it is in neither.
  boolean remove(int elem) {
    int code = (int) memory.getU8(Integer.toUnsignedLong(elem) + HashLayout.LRU_LIST);
    if (code != ACTIVE && code != INACTIVE) {
      return false;
    }
    if (elem == rotation) {
      rotation = inactive.younger(elem);
    }
    (code == ACTIVE ? active : inactive).remove(elem);
    return true;
  }

  /// One turn: tired elements of the active list become inactive while the inactive list is the
  /// shorter one, and used elements of the inactive list become active.
  void rotate() {
    if (inactive.size() < active.size()) {
      rotateActive();
    }
    rotateInactive();
  }

  private void rotateActive() {
    int first = active.front();
    int elem = active.back();
    for (int i = 1; elem != 0; i++) {
      int next = active.younger(elem);
      boolean used = isRef(elem);
      remove(elem);
      if (used) {
        addActive(elem);
      } else {
        addInactive(elem);
      }
      if (i == scans || elem == first) {
        return;
      }
      elem = next;
    }
  }

  private void rotateInactive() {
    if (inactive.size() == 0) {
      return;
    }
    int last = rotation == 0 ? inactive.front() : inactive.older(rotation);
    last = last == 0 ? inactive.front() : last;
    int elem = rotation;
    int next = 0;
    for (int i = 0; i < scans; i++) {
      elem = elem == 0 ? inactive.back() : elem;
      if (elem == 0) {
        break;
      }
      next = inactive.younger(elem);
      if (isRef(elem)) {
        remove(elem);
        addActive(elem);
      }
      if (elem == last) {
        break;
      }
      elem = next;
    }
    rotation = next;
  }

  /// Gives up to `wanted` elements, taken out of their buckets, to `freed`: unused ones of the
  /// inactive list, or else one of any kind. The number of elements given.
  int shrink(int wanted, IntConsumer freed) {
    int given = 0;
    int elem = inactive.back();
    for (int i = 1; elem != 0; i++) {
      int next = inactive.younger(elem);
      if (isRef(elem)) {
        remove(elem);
        addActive(elem);
      } else if (takeOut(elem, freed) && ++given == wanted) {
        break;
      }
      if (i == scans) {
        break;
      }
      elem = next;
    }
    return given > 0 ? given : shrinkByForce(freed);
  }

  private int shrinkByForce(IntConsumer freed) {
    LruQueue from = inactive.size() > 0 ? inactive : active;
    for (int elem = from.back(); elem != 0; elem = from.younger(elem)) {
      if (takeOut(elem, freed)) {
        return 1;
      }
    }
    return 0;
  }

  private boolean takeOut(int elem, IntConsumer freed) {
    if (!unlink.test(elem)) {
      return false;
    }
    remove(elem);
    clearRef(elem);
    freed.accept(elem);
    return true;
  }
}

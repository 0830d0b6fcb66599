package bpf4j.maps;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Keys by bucket, the youngest of a bucket first: the order in which the kernel's small hashes
/// (device maps, socket maps) go through their keys. Not thread-safe.
final class IndexHash<K, V> {
  private final int mask;
  private final Map<Integer, List<K>> buckets = new HashMap<>();
  private final Map<K, V> values = new HashMap<>();

  IndexHash(int maxEntries) {
    this.mask = (int) (MapCreateCheck.roundUpPow2(MapCreateCheck.unsigned(maxEntries)) - 1);
  }

  int size() {
    return values.size();
  }

  @Nullable V get(K key) {
    return values.get(key);
  }

  void put(K key, int hash, V value) {
    if (values.put(key, value) == null) {
      buckets.computeIfAbsent(hash & mask, b -> new ArrayList<>()).addFirst(key);
    }
  }

  @Nullable V remove(K key, int hash) {
    V old = values.remove(key);
    List<K> bucket = buckets.get(hash & mask);
    if (old != null && bucket != null) {
      bucket.remove(key);
    }
    return old;
  }

  /// The key behind `key`, the first for one that is not there.
  @Nullable K next(@Nullable K key, int hash) {
    int from = 0;
    if (key != null && values.containsKey(key)) {
      List<K> bucket = buckets.getOrDefault(hash & mask, List.of());
      int at = bucket.indexOf(key);
      if (at + 1 < bucket.size()) {
        return bucket.get(at + 1);
      }
      from = (hash & mask) + 1;
    }
    int first = from;
    return buckets.entrySet().stream()
        .filter(e -> !e.getValue().isEmpty() && e.getKey() >= first)
        .min(Map.Entry.comparingByKey())
        .map(e -> e.getValue().getFirst())
        .orElse(null);
  }
}

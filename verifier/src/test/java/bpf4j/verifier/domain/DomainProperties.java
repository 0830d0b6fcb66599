package bpf4j.verifier.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/// What the domain says of an operation's result holds for every pair of values it is applied to.
final class DomainProperties {
  private static final int[] OPS = {
    ScalarAlu.ADD,
    ScalarAlu.SUB,
    ScalarAlu.MUL,
    ScalarAlu.OR,
    ScalarAlu.AND,
    ScalarAlu.XOR,
    ScalarAlu.LSH,
    ScalarAlu.RSH,
    ScalarAlu.ARSH
  };
  private static final int[] COMPARISONS = {
    Branches.JEQ,
    Branches.JNE,
    Branches.JGT,
    Branches.JGE,
    Branches.JLT,
    Branches.JLE,
    Branches.JSGT,
    Branches.JSGE,
    Branches.JSLT,
    Branches.JSLE,
    Branches.JSET
  };
  private static final int ROUNDS = 200;

  @Test
  void smallTnumsAreSound() {
    for (int am = 0; am < 16; am++) {
      for (int av = 0; av < 16; av++) {
        for (int bm = 0; bm < 16; bm++) {
          for (int bv = 0; bv < 16; bv++) {
            if ((am & av) == 0 && (bm & bv) == 0) {
              checkSmall(new Tnum(av, am), new Tnum(bv, bm));
            }
          }
        }
      }
    }
  }

  private static void checkSmall(Tnum a, Tnum b) {
    Tnum add = a.add(b);
    Tnum sub = a.sub(b);
    Tnum mul = a.mul(b);
    Tnum and = a.and(b);
    Tnum or = a.or(b);
    Tnum xor = a.xor(b);
    Tnum union = a.union(b);
    for (long x = 0; x < 16; x++) {
      for (long y = 0; y < 16; y++) {
        if (!has(a, x) || !has(b, y)) {
          continue;
        }
        boolean sound =
            has(add, x + y)
                && has(sub, x - y)
                && has(mul, x * y)
                && has(and, x & y)
                && has(or, x | y)
                && has(xor, x ^ y)
                && has(union, x)
                && has(union, y);
        assertThat(sound).as("%s %s at %d %d", a, b, x, y).isTrue();
      }
    }
  }

  private static boolean has(Tnum t, long v) {
    return (v & ~t.mask()) == t.value();
  }

  @Property(tries = 500)
  void resultsOfOperationsAreInTheirRanges(@ForAll long seed) {
    RandomGenerator random = random(seed);
    for (int round = 0; round < ROUNDS; round++) {
      int op = OPS[random.nextInt(OPS.length)];
      boolean is32 = random.nextBoolean();
      boolean shift = op == ScalarAlu.LSH || op == ScalarAlu.RSH || op == ScalarAlu.ARSH;
      long x = value(random);
      long y = shift ? random.nextInt(is32 ? 32 : 64) : value(random);
      ScalarRange a = around(random, x);
      ScalarRange b = shift ? ScalarRange.constant(y) : around(random, y);
      if (!ScalarAlu.isTracked(op, is32, b)) {
        continue;
      }
      long result = is32 ? op32(op, (int) x, (int) y) & 0xffffffffL : op64(op, x, y);
      ScalarRange r = ScalarAlu.apply(op, is32, a, b);
      assertThat(r.contains(result))
          .as("op %x 32 %s: %s (%x) with %s (%x) gives %s", op, is32, a, x, b, y, r)
          .isTrue();
    }
  }

  @Property(tries = 500)
  void branchesKeepTheValuesThatTakeThem(@ForAll long seed) {
    RandomGenerator random = random(seed);
    for (int round = 0; round < ROUNDS; round++) {
      int op = COMPARISONS[random.nextInt(COMPARISONS.length)];
      boolean is32 = random.nextBoolean();
      long x = value(random);
      long y = random.nextInt(4) == 0 ? x : value(random);
      ScalarRange a = around(random, x);
      ScalarRange b = around(random, y);
      boolean outcome = is32 ? holds(op, (int) x, (int) y, true) : holds(op, x, y, false);
      int predicted = Branches.taken(a, b, op, is32);
      assertThat(predicted).as("%x of %s and %s", op, a, b).isIn(-1, outcome ? 1 : 0);
      Bounds left = Bounds.of(a);
      Bounds right = Bounds.of(b);
      Branches.refine(left, right, op, is32, outcome);
      assertThat(left.sync().freeze().contains(x)).as("%x left of %s %s", op, a, b).isTrue();
      assertThat(right.sync().freeze().contains(y)).as("%x right of %s %s", op, a, b).isTrue();
    }
  }

  private static RandomGenerator random(long seed) {
    return RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
  }

  /// Small, wide, negative, and near the edges of the widths.
  private static long value(RandomGenerator random) {
    long base =
        switch (random.nextInt(6)) {
          case 0 -> 0;
          case 1 -> Integer.MAX_VALUE;
          case 2 -> 0xffffffffL;
          case 3 -> Long.MAX_VALUE;
          case 4 -> Integer.MIN_VALUE;
          default -> random.nextLong();
        };
    return base + random.nextInt(-20, 20);
  }

  /// A range with `x` in it, narrowed by comparisons that hold of `x` and by known bits.
  private static ScalarRange around(RandomGenerator random, long x) {
    Bounds b = new Bounds();
    for (int n = random.nextInt(4); n > 0; n--) {
      if (random.nextInt(4) == 0) {
        long mask = random.nextLong() >>> random.nextInt(64);
        b.tnum = b.tnum.intersect(new Tnum(x & ~mask, mask));
        b.sync();
      } else {
        int op = COMPARISONS[random.nextInt(COMPARISONS.length)];
        boolean is32 = random.nextBoolean();
        long y = random.nextBoolean() ? value(random) : x + random.nextInt(-9, 9);
        boolean outcome = is32 ? holds(op, (int) x, (int) y, true) : holds(op, x, y, false);
        Branches.refine(b, Bounds.of(ScalarRange.constant(y)), op, is32, outcome);
        b.sync();
      }
    }
    return b.freeze();
  }

  private static boolean holds(int op, long x, long y, boolean is32) {
    long ux = is32 ? x & 0xffffffffL : x;
    long uy = is32 ? y & 0xffffffffL : y;
    int unsigned = Long.compareUnsigned(ux, uy);
    return switch (op) {
      case Branches.JEQ -> x == y;
      case Branches.JNE -> x != y;
      case Branches.JGT -> unsigned > 0;
      case Branches.JGE -> unsigned >= 0;
      case Branches.JLT -> unsigned < 0;
      case Branches.JLE -> unsigned <= 0;
      case Branches.JSGT -> x > y;
      case Branches.JSGE -> x >= y;
      case Branches.JSLT -> x < y;
      case Branches.JSLE -> x <= y;
      default -> (x & y) != 0;
    };
  }

  private static long op64(int op, long x, long y) {
    return switch (op) {
      case ScalarAlu.ADD -> x + y;
      case ScalarAlu.SUB -> x - y;
      case ScalarAlu.MUL -> x * y;
      case ScalarAlu.OR -> x | y;
      case ScalarAlu.AND -> x & y;
      case ScalarAlu.XOR -> x ^ y;
      case ScalarAlu.LSH -> x << y;
      case ScalarAlu.RSH -> x >>> y;
      default -> x >> y;
    };
  }

  private static int op32(int op, int x, int y) {
    return switch (op) {
      case ScalarAlu.LSH -> x << y;
      case ScalarAlu.RSH -> x >>> y;
      case ScalarAlu.ARSH -> x >> y;
      default -> (int) op64(op, x, y);
    };
  }
}

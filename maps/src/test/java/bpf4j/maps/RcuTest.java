package bpf4j.maps;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class RcuTest {
  private final Rcu rcu = new Rcu();
  private final AtomicInteger freed = new AtomicInteger();

  @Test
  void freesAtOnceWhenNothingRuns() {
    try (Rcu.Reader reader = rcu.register()) {
      rcu.defer(freed::incrementAndGet);
      assertThat(freed).hasValue(1);
      reader.enter();
      reader.exit();
    }
  }

  @Test
  void freesAfterTheLastRunThatBeganBefore() {
    Rcu.Reader a = rcu.register();
    Rcu.Reader b = rcu.register();
    a.enter();
    b.enter();
    rcu.defer(freed::incrementAndGet);
    assertThat(freed).hasValue(0);
    a.exit();
    a.enter(); // a younger run does not hold it up
    assertThat(freed).hasValue(0);
    b.exit();
    assertThat(freed).hasValue(1);
    a.exit();
  }

  @Test
  void nestedRunsCountAsOne() {
    Rcu.Reader a = rcu.register();
    a.enter();
    a.enter();
    rcu.defer(freed::incrementAndGet);
    a.exit();
    assertThat(freed).hasValue(0);
    a.exit();
    assertThat(freed).hasValue(1);
  }

  @Test
  void synchronizeWaitsForRunningOnesOnly() throws Exception {
    Rcu.Reader a = rcu.register();
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch leave = new CountDownLatch(1);
    Thread runner =
        Thread.ofPlatform()
            .start(() -> {
              a.enter();
              entered.countDown();
              await(leave);
              freed.incrementAndGet();
              a.exit();
            });
    entered.await();
    Rcu.Reader own = rcu.register();
    Thread waiter =
        Thread.ofPlatform()
            .start(() -> {
              own.enter(); // a run that changes a map does not wait for itself
              rcu.synchronize();
              own.exit();
            });
    leave.countDown();
    waiter.join();
    assertThat(freed).hasValue(1);
    runner.join();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

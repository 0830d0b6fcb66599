package bpf4j.verifier.cfg;

import bpf4j.verifier.env.Env;

/// Numbers the strongly connected components of the control flow that are loops: two or more
/// instructions, or a jump to itself. Tarjan's algorithm with explicit stacks; numbers are given in
/// the order in which components complete, as in the kernel's log.
public final class Components {
  private static final int OFF_STACK = Integer.MAX_VALUE;

  private final Env env;
  private final int[] pre;
  private final int[] low;
  private final int[] stack;
  private int stackLen;
  private int nextPre = 1;
  private int nextScc = 1;

  private Components(Env env) {
    this.env = env;
    int n = env.insns.length;
    pre = new int[n];
    low = new int[n];
    stack = new int[n];
  }

  public static void compute(Env env) {
    Components c = new Components(env);
    int[] dfs = new int[env.insns.length];
    for (int i = 0; i < env.insns.length; i++) {
      if (c.pre[i] == 0) {
        c.explore(i, dfs);
      }
    }
    env.sccCount = c.nextScc;
  }

  private void explore(int root, int[] dfs) {
    stackLen = 0;
    int depth = 1;
    dfs[0] = root;
    while (depth > 0) {
      int w = dfs[depth - 1];
      if (pre[w] == 0) {
        low[w] = nextPre;
        pre[w] = nextPre++;
        stack[stackLen++] = w;
      }
      int unvisited = unvisitedSuccessor(w);
      if (unvisited >= 0) {
        dfs[depth++] = unvisited;
        continue;
      }
      // Below its own number: w belongs to a component whose root is further down the stack.
      if (low[w] >= pre[w]) {
        complete(w);
      }
      depth--;
    }
  }

  private int unvisitedSuccessor(int w) {
    int next = Successors.next(env, w);
    if (next >= 0 && next < pre.length) {
      if (pre[next] == 0) {
        return next;
      }
      low[w] = Math.min(low[w], low[next]);
    }
    int jump = Successors.jump(env, w);
    if (jump >= 0) {
      if (pre[jump] == 0) {
        return jump;
      }
      low[w] = Math.min(low[w], low[jump]);
    }
    return -1;
  }

  private void complete(int w) {
    boolean loop =
        stack[stackLen - 1] != w || Successors.next(env, w) == w || Successors.jump(env, w) == w;
    int t;
    do {
      t = stack[--stackLen];
      low[t] = OFF_STACK;
      if (loop) {
        env.aux.scc[t] = nextScc;
      }
    } while (t != w);
    if (loop) {
      nextScc++;
    }
  }
}

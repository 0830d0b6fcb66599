package bpf4j.verifier.cfg;

import bpf4j.verifier.env.Env;
import bpf4j.verifier.env.Subprog;
import java.util.Arrays;

/// Lists each subprogram's instructions in postorder: successors first where there is no loop, the
/// order in which backward data flow converges fast.
public final class Postorder {
  private static final int DISCOVERED = 1;
  private static final int EXPLORED = 2;

  private Postorder() {}

  public static void compute(Env env) {
    int n = env.insns.length;
    int[] order = new int[n];
    byte[] state = new byte[n];
    int[] stack = new int[n + 1];
    int len = 0;
    for (Subprog s : env.subprogs) {
      s.postorderStart = len;
      stack[0] = s.start;
      int depth = 1;
      while (depth > 0) {
        int top = stack[depth - 1];
        state[top] |= DISCOVERED;
        if ((state[top] & EXPLORED) != 0) {
          order[len++] = top;
          depth--;
          continue;
        }
        depth = push(Successors.next(env, top), state, stack, depth);
        depth = push(Successors.jump(env, top), state, stack, depth);
        state[top] |= EXPLORED;
      }
    }
    env.postorder = Arrays.copyOf(order, len);
  }

  private static int push(int succ, byte[] state, int[] stack, int depth) {
    if (succ < 0 || state[succ] != 0) {
      return depth;
    }
    state[succ] |= DISCOVERED;
    stack[depth] = succ;
    return depth + 1;
  }
}

/// Checks of the function and line records that come with a program.
@NullMarked
package bpf4j.verifier.btfinfo;

import org.jspecify.annotations.NullMarked;

/// Readers for the data-driven test cases and compiled objects.
@NullMarked
package bpf4j.testdata;

import org.jspecify.annotations.NullMarked;

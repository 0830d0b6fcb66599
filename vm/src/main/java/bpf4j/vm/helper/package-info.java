/// What helpers do, a class for each family.
@NullMarked
package bpf4j.vm.helper;

import org.jspecify.annotations.NullMarked;

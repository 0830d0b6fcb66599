/// Packets in guest memory and the contexts that describe them.
@NullMarked
package bpf4j.vm.packet;

import org.jspecify.annotations.NullMarked;

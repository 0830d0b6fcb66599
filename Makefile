# Everyday targets. Each is a plain Maven or shell command that can be typed by hand.
.PHONY: build test format check testdata bench clean

build:            ## compile what ./bpf4j needs, without checks
	mvn -q -Dfast -DskipTests prepare-package

test:             ## all tests and checks, as CI runs them
	mvn verify

format:           ## google-java-format over all sources (Maven must run on JDK 21 or newer)
	mvn -q spotless:apply

testdata:         ## rebuild the test objects from their C sources (needs clang-19)
	testdata/build.sh

bench:            ## JMH, see docs/performance.md
	mvn -q -Dfast -DskipTests -Pbench package

clean:
	mvn -q clean

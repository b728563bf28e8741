# The doors of the house. Each is a plain command that works without make, too.

.PHONY: build test race check conformance bench ci

build: # the program, here
	go build ./cmd/finlatch

test: # what the README says
	go test ./...

race:
	go test -race ./...

check: # without running anything
	go vet ./...
	cd conformance && go vet ./...
	go tool -modfile=tools/go.mod staticcheck ./...
	cd conformance && go tool -modfile=../tools/go.mod staticcheck ./...

conformance: # the recorded answers of a real Jellyfin, and its clients from npm (Node 20)
	cd conformance && go test -count=1 ./...

bench:
	go test -run '^$$' -bench . ./cmd/finlatch/...

ci: # everything that a change must pass
	.ci/run

# The doors of the house. Each is a plain command that works without make, too.

.PHONY: build test race check conformance screenshots bench ci release

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

screenshots: # of the documentation, made anew in a browser
	cd conformance && go test -count=1 -run '^TestBrowser(Pages|Flows)$$' .
	for name in let-this-device-in-phone my-devices-desktop page-overview-light-desktop page-sign-in-dark-phone; do \
		cp conformance/.out/screenshots/$$name.png docs/screenshots/; done

bench:
	go test -run '^$$' -bench . ./cmd/finlatch/... ./gateway

# The same commit gives the same files, whoever builds it; the version is the tag's, or the commit's.
release: # programs for everybody, in dist/
	rm -rf dist && mkdir dist
	set -e; for system in linux darwin windows; do for cpu in amd64 arm64; do \
		name=finlatch-$$system-$$cpu; if [ $$system = windows ]; then name=$$name.exe; fi; \
		CGO_ENABLED=0 GOOS=$$system GOARCH=$$cpu go build -trimpath -buildvcs=true -o dist/$$name ./cmd/finlatch; \
	done; done
	cd dist && sha256sum finlatch-* > SHA256SUMS

ci: # everything that a change must pass
	.ci/run

#!/usr/bin/env bash
# Everything that must pass before a change goes in. Needs nothing but Go; what else tests can use (redis-server as the
# reference, a C compiler for the race detector) is installed where that is possible, and its absence is said.
set -euo pipefail
cd "$(dirname "$0")"

step() { printf '\n== %s\n' "$*"; }

# The package would start a service on port 6379, which no test uses: the policy file forbids that while it is installed.
install_redis() {
	local policy=/usr/sbin/policy-rc.d ours=""
	if [ ! -e "$policy" ]; then
		printf '#!/bin/sh\nexit 101\n' >"$policy"
		chmod +x "$policy"
		ours=yes
	fi
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends redis-server redis-sentinel redis-tools || true
	if [ -n "$ours" ]; then rm -f "$policy"; fi
}

step "redis-server, the reference for comparisons"
if ! command -v redis-server >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	install_redis
fi
if command -v redis-server >/dev/null; then
	redis-server --version
else
	echo "not installed and not installable from here: tests that compare with it are skipped"
fi

step "gofmt"
unformatted=$(gofmt -l .)
if [ -n "$unformatted" ]; then
	printf 'not formatted (gofmt -w):\n%s\n' "$unformatted"
	exit 1
fi
echo "all files are formatted"

step "go vet ./..."
go vet ./...

step "go tool staticcheck ./..."
go tool staticcheck ./...

step "go build ./..."
go build ./...

compiler=$(go env CC)
race=yes
if ! command -v "${compiler%% *}" >/dev/null; then
	race=""
	step "go test -race: SKIPPED, it needs a C compiler ($compiler), which is not installed"
fi

step "go test -short -count=1 ./..."
go test -short -count=1 ./...  # the cache cannot know that the server, built by the tests, has changed

step "go run ./test/tcl --fast --optional"
go run ./test/tcl --fast --optional

if [ -n "$race" ]; then
	step "go test -race -short ./internal/..."
	CGO_ENABLED=1 go test -race -short ./internal/...
fi

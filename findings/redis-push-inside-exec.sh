#!/usr/bin/env bash
# redis-server 7.0.15 (Debian 12, redis-server and redis-tools): with RESP3, a client that is subscribed to a channel and publishes
# to it within MULTI ... EXEC gets the message as a push in the middle of the array that EXEC replies, behind the array's
# header. An array of two replies therefore has three elements on the wire, one of which does not count. The protocol's
# description has pushes between replies, never inside one: a parser that counts elements takes the push for a reply.
# A RESP3 parser has to look for pushes at every element of every array, not only where a reply may begin.
#
# Fails if redis-server does otherwise, or the version cannot be had. Needs Debian 12's package lists and Python 3.
set -euo pipefail
work=$(mktemp -d)
chmod 755 "$work" # apt downloads as a user of its own
cleanup() { [ -z "${pid:-}" ] || kill "$pid" 2>/dev/null || true; rm -rf "$work"; }
trap cleanup EXIT
cd "$work"
exact=$(apt-cache madison redis-tools | awk -F'|' '{gsub(/ /, "", $2); print $2}' | grep -m1 -E '^5:7\.0\.15-1~deb12u') ||
	{ echo "redis-tools 5:7.0.15-1~deb12u* is not among this system's packages (apt-get update?)"; exit 1; }
apt-get download -qq "redis-tools=$exact"
for deb in *.deb; do dpkg -x "$deb" root; done
server=root/usr/bin/redis-check-rdb # the server's binary under another name: it is chosen by the name it is called by
cp "$server" redis-server
./redis-server --version
./redis-server --port 0 --unixsocket "$work/s" --save '' --daemonize no >log 2>&1 &
pid=$!
for _ in $(seq 200); do [ -S s ] && break; sleep 0.05; done

python3 - "$work/s" <<'PY'
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.settimeout(5)
s.sendall(b"HELLO 3\r\nSUBSCRIBE c\r\nMULTI\r\nPUBLISH c hello\r\nPING\r\nEXEC\r\nECHO end\r\n")
got = b""
while not got.endswith(b"$3\r\nend\r\n"):
    got += s.recv(65536)
reply = got[got.rindex(b"+QUEUED\r\n") + len(b"+QUEUED\r\n"):got.rindex(b"$3\r\nend\r\n")]
print("EXEC replies", reply)
push = b">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$5\r\nhello\r\n"
if reply != b"*2\r\n" + push + b":1\r\n+PONG\r\n":
    sys.exit("this is not what was seen: the push between the header of the array and its first element")
PY
echo "as described"

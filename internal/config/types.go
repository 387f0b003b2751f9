package config

import (
	"net"
	"strconv"
	"strings"
)

// Bytes is a size; in files it may carry Redis's suffixes (1k = 1000, 1kb = 1024).
type Bytes int64

// BytesOrPercent is a size, or a share of the memory if Percent is not 0.
type BytesOrPercent struct {
	Bytes   Bytes
	Percent int64
}

// Fsync says when the binlog is forced to disk.
type Fsync uint8

// The order is that of Redis's error text.
const (
	FsyncEverySec Fsync = iota
	FsyncAlways
	FsyncNo
)

var fsyncNames = []string{"everysec", "always", "no"}

func (f Fsync) String() string { return fsyncNames[f] }

// LogLevel is the least severe level that is logged.
type LogLevel uint8

const (
	LogDebug LogLevel = iota
	LogVerbose
	LogNotice
	LogWarning
)

var logLevelNames = []string{"debug", "verbose", "notice", "warning"}

func (l LogLevel) String() string { return logLevelNames[l] }

// LogFormat is the shape of a log line.
type LogFormat uint8

const (
	LogText LogFormat = iota
	LogJSON
)

var logFormatNames = []string{"text", "json"}

func (f LogFormat) String() string { return logFormatNames[f] }

// FullSyncRate says whether full copies give way to others on the link.
type FullSyncRate uint8

const (
	FullSyncAuto FullSyncRate = iota
	FullSyncUnlimited
)

var fullSyncRateNames = []string{"auto", "unlimited"}

func (r FullSyncRate) String() string { return fullSyncRateNames[r] }

// Transport says which ports of the master a replica uses.
type Transport uint8

const (
	TransportAuto Transport = iota
	TransportDedicated
	TransportSingle
)

var transportNames = []string{"auto", "dedicated", "single"}

func (t Transport) String() string { return transportNames[t] }

// TLSAuth says whether TLS clients must show a certificate.
type TLSAuth uint8

const (
	TLSAuthNo TLSAuth = iota
	TLSAuthYes
	TLSAuthOptional
)

var tlsAuthNames = []string{"no", "yes", "optional"}

func (a TLSAuth) String() string { return tlsAuthNames[a] }

// TLSVersion is the oldest TLS version that is spoken.
type TLSVersion uint8

const (
	TLS12 TLSVersion = iota
	TLS13
)

var tlsVersionNames = []string{"1.2", "1.3"}

func (t TLSVersion) String() string { return tlsVersionNames[t] }

// Guard says from where a dangerous command or parameter may be used.
type Guard uint8

const (
	GuardNo Guard = iota
	GuardYes
	GuardLocal
)

var guardNames = []string{"no", "yes", "local"}

func (g Guard) String() string { return guardNames[g] }

// Allows tells whether a client may pass; local means a loopback or Unix socket peer.
func (g Guard) Allows(local bool) bool {
	return g == GuardYes || g == GuardLocal && local
}

// Policy is maxmemory-policy.
type Policy uint8

const (
	PolicyVolatileLRU Policy = iota
	PolicyVolatileLFU
	PolicyVolatileRandom
	PolicyVolatileTTL
	PolicyAllKeysLRU
	PolicyAllKeysLFU
	PolicyAllKeysRandom
	PolicyNoEviction
)

var policyNames = []string{"volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl", "allkeys-lru", "allkeys-lfu", "allkeys-random", "noeviction"}

// LFU says whether a policy goes by how often keys are used.
func (p Policy) LFU() bool { return p == PolicyVolatileLFU || p == PolicyAllKeysLFU }

func (p Policy) String() string { return policyNames[p] }

// Layout is the order of keys on disk; a data directory keeps the one it was made with.
type Layout uint8

const (
	LayoutOrdered Layout = iota
	LayoutSlotted
)

var layoutNames = []string{"ordered", "slotted"}

func (l Layout) String() string { return layoutNames[l] }

// SlotFunction maps keys to slots.
type SlotFunction uint8

const (
	SlotCRC16 SlotFunction = iota
	SlotCRC32
)

var slotFunctionNames = []string{"crc16", "crc32"}

func (s SlotFunction) String() string { return slotFunctionNames[s] }

// Compression is the codec of data blocks on disk.
type Compression uint8

const (
	CompressionSnappy Compression = iota
	CompressionZstd
	CompressionMinLZ
	CompressionNone
)

var compressionNames = []string{"snappy", "zstd", "minlz", "none"}

func (c Compression) String() string { return compressionNames[c] }

// ACLPubSub is what a new ACL user may do with channels.
type ACLPubSub uint8

const (
	ACLAllChannels ACLPubSub = iota
	ACLResetChannels
)

var aclPubSubNames = []string{"allchannels", "resetchannels"}

func (a ACLPubSub) String() string { return aclPubSubNames[a] }

// EncodingNames says whose names OBJECT ENCODING replies.
type EncodingNames uint8

// Versions of Redis that differ in them.
const (
	Encodings72 EncodingNames = iota
	Encodings70
)

var encodingNames = []string{"7.2", "7.0"}

func (e EncodingNames) String() string { return encodingNames[e] }

// Rename is one rename-command line; To is empty when the command is taken away.
type Rename struct{ From, To string }

// Address is a host and port; the zero value means none.
type Address struct {
	Host string
	Port int64
}

// IsZero tells whether no address is set.
func (a Address) IsZero() bool { return a.Host == "" }

// String joins host and port for dialing.
func (a Address) String() string {
	if a.IsZero() {
		return ""
	}
	return net.JoinHostPort(a.Host, strconv.FormatInt(a.Port, 10))
}

// EventClass is the set of keyspace events that are published.
type EventClass uint32

const (
	NotifyKeyspace EventClass = 1 << iota // K
	NotifyKeyevent                        // E
	NotifyGeneric                         // g
	NotifyString                          // $
	NotifyList                            // l
	NotifySet                             // s
	NotifyHash                            // h
	NotifyZset                            // z
	NotifyExpired                         // x
	NotifyEvicted                         // e
	NotifyKeyMiss                         // m
	NotifyStream                          // t
	NotifyModule                          // d
	NotifyNew                             // n

	NotifyAll = NotifyGeneric | NotifyString | NotifyList | NotifySet | NotifyHash |
		NotifyZset | NotifyExpired | NotifyEvicted | NotifyStream | NotifyModule // A
)

// eventLetters are in the order in which Redis prints them; A stands for the
// first ten together.
var eventLetters = []struct {
	letter byte
	class  EventClass
}{
	{'g', NotifyGeneric}, {'$', NotifyString}, {'l', NotifyList}, {'s', NotifySet}, {'h', NotifyHash},
	{'z', NotifyZset}, {'x', NotifyExpired}, {'e', NotifyEvicted}, {'t', NotifyStream}, {'d', NotifyModule},
	{'n', NotifyNew}, {'K', NotifyKeyspace}, {'E', NotifyKeyevent}, {'m', NotifyKeyMiss},
}

// Has tells whether every class of c is in the set.
func (e EventClass) Has(c EventClass) bool { return e&c == c }

// String gives the letters in Redis's canonical order.
func (e EventClass) String() string {
	var b strings.Builder
	if e.Has(NotifyAll) {
		b.WriteByte('A')
		// Redis 7.0 forgets n beside A; here the value that was set comes back.
		e &^= NotifyAll
	}
	for _, l := range eventLetters {
		if e.Has(l.class) {
			b.WriteByte(l.letter)
		}
	}
	return b.String()
}

func parseEventClass(s string) (EventClass, error) {
	var set EventClass
next:
	for i := range len(s) {
		if s[i] == 'A' {
			set |= NotifyAll
			continue
		}
		for _, l := range eventLetters {
			if l.letter == s[i] {
				set |= l.class
				continue next
			}
		}
		return 0, errEventClass
	}
	return set, nil
}

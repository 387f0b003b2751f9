package config

import (
	"maps"
	"time"
)

// Values is one complete set of parameters. It is built by this package, then
// published, and from that moment nobody writes to it or to its slices (C2).
type Values struct {
	// Network
	Port               int64
	Bind               []string
	ProtectedMode      bool
	UnixSocket         string
	UnixSocketPerm     int64
	TCPBacklog         int64
	TCPKeepalive       time.Duration
	Timeout            time.Duration
	MaxClients         int64
	MetricsBind        string
	MetricsPort        int64
	TLSPort            int64
	TLSCertFile        string
	TLSKeyFile         string
	TLSCACertFile      string
	TLSAuthClients     TLSAuth
	TLSMinVersion      TLSVersion
	TLSProtocols       string
	TLSCiphers         string
	TLSCipherSuites    string
	TLSServerCiphers   bool
	TLSSessionCaching  bool
	TLSReplication     bool
	TLSGeneration      int64 // counts CONFIG SETs of tls-*; a hook reloads the files when it moves, even if the names did not
	ProtoMaxBulkLen    Bytes
	QueryBufferLimit   Bytes
	OutputBufferLimits OutputLimits
	MaxMemoryClients   BytesOrPercent

	// Process
	Daemonize     bool
	PidFile       string
	Databases     int64
	EventLoops    int64
	WorkerThreads int64

	// Access
	RequirePass            string
	ACLFile                string
	ACLPubSubDefault       ACLPubSub
	ACLLogMaxLen           int64
	Users                  [][]string // `user` lines, name first, as written
	RenameCommands         []Rename
	EnableDebugCommand     Guard
	EnableProtectedConfigs Guard

	// Storage
	Dir                   string
	MemoryBudget          Bytes
	MaxMemory             Bytes // 0: no limit
	MaxMemoryPolicy       Policy
	ValueCachePercent     int64
	BlockCachePercent     int64
	MemtableSize          Bytes
	KeyspaceLayout        Layout
	SlotFunction          SlotFunction
	Compression           Compression
	CompactionConcurrency int64
	DiskStopWritesFree    Bytes
	DiskResumeWritesFree  Bytes
	BackupDir             string
	BackupExpireDays      int64
	UserPass              string
	UserBlacklist         string
	AppendFsync           Fsync
	BinlogPath            string
	BinlogFileSize        Bytes
	BinlogRetentionBytes  Bytes
	BinlogRetention       time.Duration

	// Data types
	HashMaxListpackEntries int64
	HashMaxListpackValue   Bytes
	ListMaxListpackSize    int64
	SetMaxIntsetEntries    int64
	SetMaxListpackEntries  int64
	SetMaxListpackValue    Bytes
	ZsetMaxListpackEntries int64
	ZsetMaxListpackValue   Bytes
	ObjectEncodingCompat   EncodingNames
	HLLSparseMaxBytes      Bytes
	StreamNodeMaxBytes     Bytes
	StreamNodeMaxEntries   int64
	ActiveExpireEffort     int64
	NotifyKeyspaceEvents   EventClass
	TrackingTableMaxKeys   int64

	// Replication
	ReplicaOf             Address
	MasterUser            string
	MasterAuth            string
	ReplicaPriority       int64
	ReplicaReadOnly       bool
	ReplicaServeStaleData bool
	ReplicaAnnounceIP     string
	BindSourceAddr        string
	ReplicaAnnouncePort   int64
	ReplicaAnnounced      bool
	ReplPingReplicaPeriod time.Duration
	ReplTimeout           time.Duration
	MinReplicasToWrite    int64
	MinReplicasMaxLag     time.Duration
	ThrottleBytesPerSec   Bytes

	MaxConcurrentFullSyncs int64
	FullSyncPerReplica     Bytes
	FullSyncRate           FullSyncRate
	FullSyncStallTimeout   time.Duration
	FullSyncLease          time.Duration
	FullSyncParallel       int64
	ReplMaxRetries         int64
	ReplMaxPinnedBytes     Bytes
	ReplicationTransport   Transport
	ReplLogPort            int64
	FullSyncPort           int64
	AnnounceLogPort        int64
	AnnounceFullSyncPort   int64
	MasterLogPort          int64
	MasterFullSyncPort     int64

	// Logging and measuring
	LogLevel                LogLevel
	LogFile                 string
	LogFormat               LogFormat
	SlowlogSlowerThan       time.Duration // negative: off
	SlowlogMaxLen           int64
	LatencyMonitorThreshold time.Duration // 0: off
	LatencyTracking         bool
	LatencyPercentiles      []float64
	BusyReplyThreshold      time.Duration
	LuaMemoryLimit          Bytes

	// compat keeps what was set for names that have no effect here. A name that
	// is missing has the default of its row.
	compat map[string]string

	userLines []string // where Users stand
}

// UserLine is where the nth of Users stands, for messages.
func (v *Values) UserLine(n int) string {
	if n < len(v.userLines) {
		return v.userLines[n]
	}
	return "user"
}

// Compat returns the value of a parameter that is accepted without effect, such as
// maxmemory-policy, for INFO and the like. It is empty for any other name.
func (v *Values) Compat(name string) string {
	if p := lookup(name); p != nil && p.Compat {
		return p.get(v)
	}
	return ""
}

// clone copies v so that setters may write to the copy. Slices are shared: a
// setter puts a new one in place and never writes into the old.
func (v *Values) clone() *Values {
	next := *v
	next.compat = maps.Clone(v.compat)
	if next.compat == nil {
		next.compat = map[string]string{}
	}
	return &next
}

// Package node is one running instance: it opens things in order, connects them,
// and closes them in reverse. It is the thinnest package of all; what it knows is
// who needs whom.
package node

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"strconv"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/haypile/haypile/internal/cache"
	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/command"
	"github.com/haypile/haypile/internal/config"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/engine"
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/server"
)

// Options of a Node.
type Options struct {
	Config *config.Config
	Logger *slog.Logger
	FS     vfs.FS
}

// Node is a running instance.
type Node struct {
	cfg      *config.Config
	log      *slog.Logger
	fs       vfs.FS
	blocks   *pebble.Cache
	eng      *engine.Engine
	registry *client.Registry
	srv      *server.Server
}

// Start opens the data directory and serves clients.
func Start(o Options) (*Node, error) {
	v := o.Config.Load()
	n := &Node{cfg: o.Config, log: o.Logger, fs: o.FS, registry: client.NewRegistry()}
	budget := int64(v.MemoryBudget)
	if budget == 0 {
		budget = 2 << 30
	}
	n.blocks = pebble.NewCache(budget * v.BlockCachePercent / 100)
	table := command.NewTable(nil)
	n.eng = engine.New(engine.Options{
		Databases: int(v.Databases), Workers: 16, Cache: cache.New(budget * v.ValueCachePercent / 100),
		Table: table, Host: n, Logger: o.Logger,
		DB: func(i int) (string, engine.DBOptions) {
			name := "db" + strconv.Itoa(i)
			return name, engine.DBOptions{
				FS: o.FS, Dir: filepath.Join(v.Dir, name), Keys: layout.Keys{}, BlockCache: n.blocks,
				MemTableBytes: 64 << 20, Compression: v.Compression.String(), Compactions: max(1, runtime.NumCPU()/2), FilterBytes: budget / 16,
				SegmentBytes: func() int64 { return int64(n.cfg.Load().BinlogFileSize) }, Logger: o.Logger,
			}
		},
		Notify: func(int, datatype.Class, string, []byte) {},
	})
	n.eng.SetFsync(v.AppendFsync)
	n.eng.SetLimits(&datatype.Limits{
		HashMaxListpackEntries: v.HashMaxListpackEntries, HashMaxListpackValue: int64(v.HashMaxListpackValue),
		ListMaxListpackSize: v.ListMaxListpackSize, SetMaxIntsetEntries: v.SetMaxIntsetEntries,
		SetMaxListpackEntries: v.SetMaxListpackEntries, SetMaxListpackValue: int64(v.SetMaxListpackValue),
		ZSetMaxListpackEntries: v.ZsetMaxListpackEntries, ZSetMaxListpackValue: int64(v.ZsetMaxListpackValue),
		HLLSparseMaxBytes: int64(v.HLLSparseMaxBytes), MaxStringBytes: int64(v.ProtoMaxBulkLen),
	})
	if _, err := n.eng.DB(0); err != nil {
		return nil, err
	}
	n.srv = server.New(server.Options{Config: o.Config, Engine: n.eng, Table: table, Registry: n.registry, Logger: o.Logger})
	if err := n.srv.ListenPlain([]string{fmt.Sprintf("tcp://:%d", v.Port)}, max(1, int(v.EventLoops)), v.TCPKeepalive); err != nil {
		return nil, errors.Join(err, n.eng.Close())
	}
	return n, nil
}

// Databases implements command.Host.
func (n *Node) Databases() int { return n.eng.Databases() }

// Close stops serving and closes everything.
func (n *Node) Close() error {
	n.srv.Close()
	err := n.eng.Close()
	n.blocks.Unref()
	return err
}

package main

import (
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// diskUse is what a directory takes on disk, in allocated blocks, by subdirectory.
type diskUse struct {
	parts map[string]int64
	total int64
}

// depth of the subdirectories that are told apart.
const diskDepth = 2

func readDisk(dir string) diskUse {
	use := diskUse{parts: map[string]int64{}}
	// Files come and go while the server works: what cannot be read any more takes nothing.
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return nil
		}
		bytes := info.Size()
		if stat, ok := info.Sys().(*syscall.Stat_t); ok {
			bytes = stat.Blocks * 512
		}
		rel, _ := filepath.Rel(dir, path)
		elements := strings.Split(filepath.Dir(rel), string(filepath.Separator))
		use.parts[filepath.Join(elements[:min(diskDepth, len(elements))]...)] += bytes
		use.total += bytes
		return nil
	})
	return use
}

// data is what the data themselves take: everything but the log, whose size is a matter of its retention.
func (u diskUse) data() int64 {
	n := int64(0)
	for name, bytes := range u.parts {
		if !strings.Contains(name, "binlog") {
			n += bytes
		}
	}
	return n
}

func (u diskUse) String() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(u.parts)) {
		parts = append(parts, fmt.Sprintf("%s %s", name, size(u.parts[name])))
	}
	return strings.Join(parts, ", ")
}

// reportDisk adds rows about the disk as it is now.
func (b *bench) reportDisk(when string) {
	use := readDisk(b.server.DataDir())
	live := b.liveBytes(b.liveKeys())
	b.add("disk "+when, float64(use.total), "bytes", fmt.Sprintf("%s (%v); live data %s; without the log %.2f × live, with it %.2f × live",
		size(use.total), use, size(live), float64(use.data())/float64(live), float64(use.total)/float64(live)))
}

func (b *bench) disk() error {
	b.reportDisk("after the load and the overwriting")
	return nil
}

// settleDisk waits until the data (without the log) are down to the target, and prints the way there.
func (b *bench) settleDisk(since time.Time) {
	live := b.liveBytes(b.liveKeys())
	lastPrint := time.Time{}
	for {
		use := readDisk(b.server.DataDir())
		ratio := float64(use.data()) / float64(live)
		if time.Since(lastPrint) >= progressEvery {
			lastPrint = time.Now()
			b.progress("disk %s = %.2f × live (with the log %.2f)", size(use.data()), ratio, float64(use.total)/float64(live))
		}
		took := time.Since(since)
		if ratio <= b.target {
			b.add("disk down to the target", took.Seconds(), "seconds", fmt.Sprintf("%.2f × live after %.1f s", ratio, took.Seconds()))
			return
		}
		if took > b.settle {
			b.add("disk down to the target", -1, "seconds", fmt.Sprintf("**not within %v**: %.2f × live", b.settle, ratio))
			return
		}
		time.Sleep(500 * time.Millisecond) // a file system tells nobody that it got smaller
	}
}

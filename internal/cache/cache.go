// Package cache is the value cache: it keeps pairs of the store that were read
// or written lately, so that hot commands touch neither Pebble nor the disk.
//
// Promises:
//   - C1. Memory never exceeds the limit by more than one segment per shard and a chunk
//     of the arena, and is not seen by the garbage collector: entries live in byte
//     segments, found through tables without pointers.
//   - C2. Get returns what the last Put or Delete for that pair left, or a miss.
//     Keeping it in step with the store is the caller's duty: writers update
//     it after the store has taken the change, while they hold the key's lock.
//   - C3. Pairs of different spaces never meet; a space that is dropped (a
//     flushed database) is abandoned by taking a new number. Drop gives its memory to
//     the others.
//
// Eviction is second chance by segment: the oldest segment of a shard is
// recycled, and what was read since it was written moves on.
package cache

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"
)

// Space separates databases and their incarnations in one cache.
type Space uint32

const (
	shardCount   = 64
	segmentBytes = 64 << 10
	// headerBytes precede an entry: hash 8, space 4, key length 4, value
	// length 4, value room 4, last use 4 (by the cache's clock; 0: unknown).
	headerBytes = 28
	// MaxEntryBytes is the largest pair kept; larger ones are left to the
	// store's block cache.
	MaxEntryBytes = segmentBytes / 4

	deleted = 1 << 31 // in the value length: the pair is known to be absent
)

// Cache holds pairs. All methods may be called concurrently.
type Cache struct {
	shards [shardCount]shard
	limit  atomic.Int64 // bytes of segments and table per shard
	clock  atomic.Uint32
	arena  *arena
}

type shard struct {
	mu       sync.Mutex
	arena    *arena
	table    []slot // open addressing, power of two, linear probing
	used     int    // slots not empty, tombstones included
	segments []segment
	order    []int32 // segment indexes, oldest first; the last one is being filled
	free     []int32
	hits     int64
	misses   int64
	entries  int64
	_        [32]byte
}

type segment struct {
	buf  []byte
	fill int
}

// slot: 0 empty; otherwise tag (upper 16 bits of the hash), referenced flag,
// and place (segment and offset) plus one.
type slot uint64

const (
	slotBytes = 8

	slotTombstone slot = 1
	refBit        slot = 1 << 47
	placeMask     slot = 1<<47 - 1
	tagShift           = 48
	minPlace           = 2
)

func place(seg int32, off int) slot { return slot(seg)<<17 | slot(off) + minPlace }

func (s slot) segment() int32 { return int32(((s & placeMask) - minPlace) >> 17) }
func (s slot) offset() int    { return int(((s & placeMask) - minPlace) & (1<<17 - 1)) }

// New returns a cache of limitBytes.
func New(limitBytes int64) *Cache {
	c := &Cache{arena: &arena{}}
	c.SetLimit(limitBytes)
	for i := range c.shards {
		c.shards[i].arena, c.shards[i].table = c.arena, c.arena.takeTable(64)
	}
	runtime.AddCleanup(c, (*arena).unmap, c.arena)
	return c
}

// SetLimit changes the limit; a smaller one takes effect as entries are added.
func (c *Cache) SetLimit(limitBytes int64) {
	c.limit.Store(max(limitBytes/shardCount, 2*segmentBytes))
}

// SetClock tells the time by which uses are noted, in seconds, not 0.
func (c *Cache) SetClock(second uint32) {
	if c.clock.Load() != second {
		c.clock.Store(second)
	}
}

// HashKey is the hash of a pair's key alone.
func HashKey(key []byte) uint64 { return xxhash.Sum64(key) }

func withSpace(hash uint64, space Space) uint64 { return hash + uint64(space)*0x9e3779b97f4a7c15 }

// Hash is the hash under which a pair is kept.
func Hash(space Space, key []byte) uint64 { return withSpace(HashKey(key), space) }

func (c *Cache) shard(hash uint64) *shard { return &c.shards[hash%shardCount] }

// Get appends the value of a pair to dst. hit says that the cache knows the
// pair; exists, that the pair is there.
func (c *Cache) Get(dst []byte, space Space, key []byte) (val []byte, exists, hit bool) {
	return c.Find(dst, space, key, HashKey(key), true)
}

// Find is Get for who knows the key's hash, and may not count as a use of the pair.
func (c *Cache) Find(dst []byte, space Space, key []byte, hash uint64, use bool) (val []byte, exists, hit bool) {
	hash = withSpace(hash, space)
	s := c.shard(hash)
	s.mu.Lock()
	i := s.find(hash, space, key)
	if i < 0 {
		s.misses++
		s.mu.Unlock()
		return dst, false, false
	}
	s.hits++
	sl := s.table[i]
	if sl&refBit == 0 {
		s.table[i] = sl | refBit
	}
	h := s.header(sl)
	if use {
		c.note(h)
	}
	_, v, gone := entryAt(h)
	dst = append(dst, v...)
	s.mu.Unlock()
	return dst, !gone, true
}

// note writes the time into an entry, if that is another one.
func (c *Cache) note(h []byte) {
	if now := c.clock.Load(); binary.LittleEndian.Uint32(h[24:]) != now {
		binary.LittleEndian.PutUint32(h[24:], now)
	}
}

// Idle is how many seconds ago a pair was used last. known says that the cache can tell.
func (c *Cache) Idle(space Space, key []byte) (seconds uint32, known bool) {
	hash := Hash(space, key)
	s := c.shard(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.find(hash, space, key)
	if i < 0 {
		return 0, false
	}
	used, now := binary.LittleEndian.Uint32(s.header(s.table[i])[24:]), c.clock.Load()
	return now - min(used, now), used != 0
}

// Put keeps a pair, as one that is used now. Absent pairs are remembered with exists false.
func (c *Cache) Put(space Space, key, val []byte, exists bool) { c.put(space, key, val, exists, true) }

// PutUnused is Put for a pair that was read for no use that counts.
func (c *Cache) PutUnused(space Space, key, val []byte, exists bool) {
	c.put(space, key, val, exists, false)
}

func (c *Cache) put(space Space, key, val []byte, exists, use bool) {
	hash := Hash(space, key)
	s := c.shard(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.find(hash, space, key)
	if i >= 0 && s.overwrite(s.table[i], val, exists) {
		s.table[i] |= refBit
		if use {
			c.note(s.header(s.table[i]))
		}
		return
	}
	room := len(val)
	if i >= 0 {
		s.table[i] = slotTombstone
		s.entries--
		room += room / 4 // what grows goes on growing, and should not need new memory each time
	}
	used := uint32(0)
	if use {
		used = c.clock.Load()
	}
	s.insert(hash, space, key, val, exists, room, used, c.limit.Load())
}

// Renew is Put for a pair that is worth no memory if it has none yet: one that the cache does not know stays unknown.
func (c *Cache) Renew(space Space, key, val []byte, exists bool) {
	hash := Hash(space, key)
	s := c.shard(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := s.find(hash, space, key); i >= 0 && !s.overwrite(s.table[i], val, exists) {
		s.table[i] = slotTombstone
		s.entries--
	}
}

// Forget drops a pair, whatever it was.
func (c *Cache) Forget(space Space, key []byte) {
	hash := Hash(space, key)
	s := c.shard(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := s.find(hash, space, key); i >= 0 {
		s.table[i] = slotTombstone
		s.entries--
	}
}

// first is the table index at which the search for a hash begins.
func (s *shard) first(hash uint64) uint64 { return hash / shardCount & uint64(len(s.table)-1) }

// find returns the table index of a pair, or -1.
func (s *shard) find(hash uint64, space Space, key []byte) int {
	mask := uint64(len(s.table) - 1)
	tag := slot(hash >> tagShift)
	for i := s.first(hash); ; i = (i + 1) & mask {
		sl := s.table[i]
		if sl == 0 {
			return -1
		}
		if sl == slotTombstone || sl>>tagShift != tag {
			continue
		}
		h := s.header(sl)
		if binary.LittleEndian.Uint64(h) != hash || Space(binary.LittleEndian.Uint32(h[8:])) != space {
			continue
		}
		if n := binary.LittleEndian.Uint32(h[12:]); bytes.Equal(h[headerBytes:headerBytes+n], key) {
			return int(i)
		}
	}
}

func (s *shard) header(sl slot) []byte {
	return s.segments[sl.segment()].buf[sl.offset():]
}

func entryAt(h []byte) (key, val []byte, gone bool) {
	klen, vlen := binary.LittleEndian.Uint32(h[12:]), binary.LittleEndian.Uint32(h[16:])
	gone = vlen&deleted != 0
	vlen &^= deleted
	key = h[headerBytes : headerBytes+klen]
	return key, h[headerBytes+klen : headerBytes+klen+vlen], gone
}

// overwrite puts a new value in an entry's room, if it fits.
func (s *shard) overwrite(sl slot, val []byte, exists bool) bool {
	h := s.header(sl)
	klen, room := binary.LittleEndian.Uint32(h[12:]), binary.LittleEndian.Uint32(h[20:])
	if len(val) > int(room) {
		return false
	}
	vlen := uint32(len(val))
	if !exists {
		vlen |= deleted
	}
	binary.LittleEndian.PutUint32(h[16:], vlen)
	copy(h[headerBytes+klen:], val)
	return true
}

// insert adds a pair with room for a value of so many bytes.
func (s *shard) insert(hash uint64, space Space, key, val []byte, exists bool, room int, used uint32, limit int64) {
	room = (room + 15) &^ 15
	if headerBytes+len(key)+room > MaxEntryBytes {
		room = (len(val) + 15) &^ 15
	}
	size := headerBytes + len(key) + room
	if size > MaxEntryBytes {
		return
	}
	seg, off := s.allocate(size, limit)
	h := s.segments[seg].buf[off : off+size]
	binary.LittleEndian.PutUint64(h, hash)
	binary.LittleEndian.PutUint32(h[8:], uint32(space))
	binary.LittleEndian.PutUint32(h[12:], uint32(len(key)))
	vlen := uint32(len(val))
	if !exists {
		vlen |= deleted
	}
	binary.LittleEndian.PutUint32(h[16:], vlen)
	binary.LittleEndian.PutUint32(h[20:], uint32(room))
	binary.LittleEndian.PutUint32(h[24:], used)
	copy(h[headerBytes:], key)
	copy(h[headerBytes+len(key):], val)
	s.link(hash, place(seg, off))
	s.entries++
}

func (s *shard) link(hash uint64, p slot) {
	if (s.used+1)*4 > len(s.table)*3 {
		s.rehash()
	}
	mask := uint64(len(s.table) - 1)
	i := s.first(hash)
	for s.table[i] != 0 && s.table[i] != slotTombstone {
		i = (i + 1) & mask
	}
	if s.table[i] == 0 {
		s.used++
	}
	s.table[i] = p | slot(hash>>tagShift)<<tagShift
}

// rehash drops tombstones, doubling the table when live entries need it.
func (s *shard) rehash() {
	size := len(s.table)
	for int(s.entries+1)*2 > size {
		size *= 2
	}
	old := s.table
	s.table, s.used = s.arena.takeTable(size), 0
	mask := uint64(size - 1)
	for _, sl := range old {
		if sl == 0 || sl == slotTombstone {
			continue
		}
		i := s.first(binary.LittleEndian.Uint64(s.header(sl)))
		for s.table[i] != 0 {
			i = (i + 1) & mask
		}
		s.table[i] = sl
		s.used++
	}
	s.arena.giveTable(old)
}

// allocate finds room for size bytes, recycling the oldest segment at need.
func (s *shard) allocate(size int, limit int64) (seg int32, off int) {
	for tries := 0; ; tries++ {
		if n := len(s.order); n > 0 {
			cur := s.order[n-1]
			sg := &s.segments[cur]
			if sg.fill+size <= segmentBytes {
				off = sg.fill
				sg.fill += size
				return cur, off
			}
		}
		if len(s.free) == 0 && int64(len(s.segments)+1)*segmentBytes+int64(len(s.table))*slotBytes > limit && len(s.order) > 1 {
			// After one round everything may have been moved on: then what is
			// oldest goes, referenced or not.
			s.recycle(tries < len(s.order))
			continue
		}
		s.openSegment()
	}
}

func (s *shard) openSegment() {
	if n := len(s.free); n > 0 {
		s.order = append(s.order, s.free[n-1])
		s.free = s.free[:n-1]
		return
	}
	s.segments = append(s.segments, segment{buf: s.arena.take(segmentBytes)})
	s.order = append(s.order, int32(len(s.segments)-1))
}

// recycle empties the oldest segment. Entries read since they were written are
// packed to its front, and the segment becomes the newest.
func (s *shard) recycle(secondChance bool) {
	seg := s.order[0]
	copy(s.order, s.order[1:])
	s.order[len(s.order)-1] = seg
	sg := &s.segments[seg]
	to := 0
	for off := 0; off < sg.fill; {
		h := sg.buf[off:]
		size := headerBytes + int(binary.LittleEndian.Uint32(h[12:])) + int(binary.LittleEndian.Uint32(h[20:]))
		hash := binary.LittleEndian.Uint64(h)
		i := s.findPlace(hash, place(seg, off))
		if i >= 0 && secondChance && s.table[i]&refBit != 0 {
			copy(sg.buf[to:], sg.buf[off:off+size])
			s.table[i] = place(seg, to) | s.table[i]>>tagShift<<tagShift
			to += size
		} else if i >= 0 {
			s.table[i] = slotTombstone
			s.entries--
		}
		off += size
	}
	sg.fill = to
}

// Drop forgets the pairs of a space that nobody uses any more. It reads all that is kept.
func (c *Cache) Drop(space Space) {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		s.drop(space)
		s.mu.Unlock()
	}
}

func (s *shard) drop(space Space) {
	kept := s.order[:0]
	for _, seg := range s.order {
		if s.dropFrom(seg, space) {
			kept = append(kept, seg)
		} else {
			s.segments[seg].fill = 0
			s.free = append(s.free, seg)
		}
	}
	s.order = kept
	s.rehash()
}

// dropFrom forgets the pairs of a space in one segment, and says whether others are left there.
func (s *shard) dropFrom(seg int32, space Space) (others bool) {
	sg := &s.segments[seg]
	for off := 0; off < sg.fill; {
		h := sg.buf[off:]
		i := s.findPlace(binary.LittleEndian.Uint64(h), place(seg, off))
		switch {
		case i >= 0 && Space(binary.LittleEndian.Uint32(h[8:])) == space:
			s.table[i] = slotTombstone
			s.entries--
		case i >= 0:
			others = true
		}
		off += headerBytes + int(binary.LittleEndian.Uint32(h[12:])) + int(binary.LittleEndian.Uint32(h[20:]))
	}
	return others
}

// findPlace returns the table index that points to a place, or -1 when the
// entry there was overwritten or dropped.
func (s *shard) findPlace(hash uint64, p slot) int {
	mask := uint64(len(s.table) - 1)
	for i := s.first(hash); s.table[i] != 0; i = (i + 1) & mask {
		if sl := s.table[i]; sl != slotTombstone && sl&placeMask == p && sl>>tagShift == slot(hash>>tagShift) {
			return int(i)
		}
	}
	return -1
}

// Stats of the cache since it was made.
type Stats struct {
	Hits, Misses, Entries int64
	Bytes                 int64 // segments and tables
}

// Stats sums all shards.
func (c *Cache) Stats() (st Stats) {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		st.Hits += s.hits
		st.Misses += s.misses
		st.Entries += s.entries
		st.Bytes += int64(len(s.segments))*segmentBytes + int64(len(s.table))*slotBytes
		s.mu.Unlock()
	}
	return st
}

// ResetStats sets hits and misses to zero.
func (c *Cache) ResetStats() {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		s.hits, s.misses = 0, 0
		s.mu.Unlock()
	}
}

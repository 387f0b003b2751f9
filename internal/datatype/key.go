package datatype

import (
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/resp"
)

// Key is one user key as a command sees it: its head, read and perhaps to be
// written. Load, look, change Head, Save (or Remove).
//
// What a key past its time held cannot be had: Head is that of a key which is not there.
type Key struct {
	Name   []byte
	Head   layout.Head // empty unless Exists
	Exists bool        // present and not past its time

	t        Txn
	stored   bool         // a head pair is there, even if past its time
	lapsed   bool         // it is past its time
	hidden   *layout.Head // of a key that is stored and does not exist: what is to be dropped
	expireMS int64        // as stored
	fieldsMS int64        // likewise
}

// Load reads a key's head. A key past its time counts as absent; the master's
// expiry or the next write removes it.
func Load(t Txn, name []byte) (Key, error) {
	k, err := Peek(t, name)
	if !k.Exists && err == nil {
		if k.lapsed {
			t.Event(ClassLapsed, "lapsed", name)
		}
		t.Event(ClassKeyMiss, "keymiss", name)
	}
	return k, err
}

// Peek is Load without telling anyone that the key was looked for in vain.
func Peek(t Txn, name []byte) (Key, error) {
	k := Key{Name: name, t: t}
	raw, found, err := t.Get(t.Keys().Head(t.Scratch(len(name)+keyRoom), name))
	if err != nil || !found {
		return k, err
	}
	return k, k.decode(raw)
}

// decode takes what is stored.
func (k *Key) decode(raw []byte) error {
	if err := k.Head.Decode(raw); err != nil {
		return err
	}
	k.stored, k.expireMS, k.fieldsMS = true, k.Head.ExpireMS, k.Head.FieldsMS
	k.lapsed = k.Head.Expired(k.t.NowMS())
	if k.Exists = !k.lapsed; k.lapsed {
		k.hide()
	} else if k.Head.Home != nil {
		return k.t.LockHome(k.Head.Home)
	}
	return nil
}

// hide makes the key one that does not exist, until it is reset: from then on what it held can only be dropped.
func (k *Key) hide() {
	if k.stored && k.hidden == nil {
		head := k.Head
		k.hidden = &head
	}
	k.Head, k.Exists = layout.Head{}, false
}

// LoadType is Load for a command that works on one type.
func LoadType(t Txn, name []byte, want layout.Type) (Key, error) {
	k, err := Load(t, name)
	if err == nil && k.Exists && k.Head.Type != want {
		err = resp.ErrWrongType
	}
	return k, err
}

// Reset makes the key a fresh value of a type, dropping what it held (elements
// included) but not its place in the counters.
func (k *Key) Reset(typ layout.Type, enc layout.Encoding) {
	k.dropElements()
	k.Head, k.hidden = layout.Head{Type: typ, Encoding: enc}, nil
	k.Exists = true
}

// Expand gives the key a new version for elements of their own.
func (k *Key) Expand() {
	k.Head.Encoding, k.Head.Value, k.Head.Home = layout.EncExpanded, nil, nil
	k.Head.Version = k.t.NewVersion()
}

// Save writes the head.
func (k *Key) Save() {
	var keys, expires int64
	if !k.stored {
		keys = 1
	}
	isNew := !k.stored || k.lapsed
	k.lapse()
	if k.Head.ExpireMS != k.expireMS {
		tmp := k.t.Scratch(len(k.Name) + keyRoom)
		if k.expireMS != 0 {
			k.t.Delete(layout.Expiry(tmp, k.expireMS, k.Name))
			expires--
		}
		if k.Head.ExpireMS != 0 {
			k.t.Put(layout.Expiry(tmp, k.Head.ExpireMS, k.Name), nil)
			expires++
		}
	}
	k.indexFields()
	if keys != 0 || expires != 0 {
		k.t.Count(keys, expires)
	}
	k.stored, k.Exists, k.expireMS = true, true, k.Head.ExpireMS
	key := k.t.Keys().Head(k.t.Scratch(len(k.Name)+keyRoom), k.Name)
	k.t.PutParts(key, k.Head.AppendMeta(k.t.Scratch(layout.HeadMetaMax+len(k.Head.Home))), k.Head.Value)
	if isNew {
		k.t.Event(ClassNew, "new", k.Name)
	}
}

// indexFields moves the entry that says when the first field of a hash expires.
func (k *Key) indexFields() {
	if k.Head.FieldsMS == k.fieldsMS {
		return
	}
	tmp := k.t.Scratch(len(k.Name) + keyRoom)
	if k.fieldsMS != 0 {
		k.t.Delete(layout.FieldExpiry(tmp, k.fieldsMS, k.Name))
	}
	if k.Head.FieldsMS != 0 {
		k.t.Put(layout.FieldExpiry(tmp, k.Head.FieldsMS, k.Name), nil)
	}
	k.fieldsMS = k.Head.FieldsMS
}

// lapse tells of the end of a key that is past its time and is now written over or
// removed.
func (k *Key) lapse() {
	if k.lapsed {
		k.lapsed = false
		k.t.Event(ClassExpired, "expired", k.Name)
	}
}

// Remove deletes the key with everything that belongs to it.
func (k *Key) Remove() {
	if !k.stored {
		return
	}
	k.lapse()
	k.dropElements()
	tmp := k.t.Scratch(len(k.Name) + keyRoom)
	k.t.Delete(k.t.Keys().Head(tmp, k.Name))
	expires := int64(0)
	if k.expireMS != 0 {
		k.t.Delete(layout.Expiry(tmp, k.expireMS, k.Name))
		expires = -1
	}
	k.t.Count(-1, expires)
	k.stored, k.Exists, k.expireMS = false, false, 0
	k.Head, k.hidden = layout.Head{}, nil
	k.indexFields()
}

// dropElements deletes the elements of an expanded collection with one range
// delete in each space.
func (k *Key) dropElements() {
	h := &k.Head
	if k.hidden != nil {
		h = k.hidden
	}
	if !k.stored || h.Encoding != layout.EncExpanded {
		return
	}
	keys, name := k.t.Keys(), k.homeOf(h)
	prefix := keys.Elements(k.t.Scratch(len(name)+keyRoom), name, h.Version)
	k.t.DeleteRange(prefix, prefixEnd(k.t, prefix))
	if h.Type == layout.TypeZSet || h.FieldsMS != 0 {
		prefix = keys.Scores(k.t.Scratch(len(name)+keyRoom), name, h.Version)
		k.t.DeleteRange(prefix, prefixEnd(k.t, prefix))
	}
}

// Stored says that a head pair is there, even if it is past its time.
func (k *Key) Stored() bool { return k.stored }

// StoredExpireMS is when the key expires, as stored (0: never), even if that is past.
func (k *Key) StoredExpireMS() int64 { return k.expireMS }

// keyRoom is what keys need beyond the user key: space, slot, length, version,
// and a score or a position.
const keyRoom = 40

// home is the name that the keys of the elements have.
func (k *Key) home() []byte { return k.homeOf(&k.Head) }

func (k *Key) homeOf(h *layout.Head) []byte {
	if h.Home != nil {
		return h.Home
	}
	return k.Name
}

// Elements returns the prefix of the collection's element pairs.
func (k *Key) Elements() []byte {
	name := k.home()
	return k.t.Keys().Elements(k.t.Scratch(len(name)+keyRoom), name, k.Head.Version)
}

// Scores returns the prefix of a sorted set's score pairs.
func (k *Key) Scores() []byte {
	name := k.home()
	return k.t.Keys().Scores(k.t.Scratch(len(name)+keyRoom), name, k.Head.Version)
}

// Member returns the element pair's key of a member of a hash, set or sorted set.
func (k *Key) Member(member []byte) []byte {
	name := k.home()
	dst := k.t.Scratch(len(name) + keyRoom + len(member))
	return layout.AppendMember(k.t.Keys().Elements(dst, name, k.Head.Version), member)
}

// Score returns the score pair's key of a member of a sorted set.
func (k *Key) Score(score float64, member []byte) []byte {
	name := k.home()
	dst := k.t.Scratch(len(name) + keyRoom + len(member))
	return append(layout.AppendScore(k.t.Keys().Scores(dst, name, k.Head.Version), score), member...)
}

// Index returns the element pair's key of a list position.
func (k *Key) Index(index int64) []byte {
	name := k.home()
	dst := k.t.Scratch(len(name) + keyRoom)
	return layout.AppendIndex(k.t.Keys().Elements(dst, name, k.Head.Version), index)
}

func prefixEnd(t Txn, prefix []byte) []byte {
	return layout.PrefixEnd(t.Scratch(len(prefix)), prefix)
}

// Walk visits the pairs with the given prefix in order until visit returns
// false. suffix is the key without the prefix.
func Walk(t Txn, prefix []byte, visit func(suffix, val []byte) bool) error {
	it, err := t.Iter(prefix, prefixEnd(t, prefix))
	if err != nil {
		return err
	}
	for it.First(); it.Valid(); it.Next() {
		if !visit(it.Key()[len(prefix):], it.Value()) {
			break
		}
	}
	err = it.Error()
	if cerr := it.Close(); err == nil {
		err = cerr
	}
	return err
}

package datatype

import (
	"fmt"

	"github.com/haypile/haypile/internal/rdb"
)

// Restore makes a key, whatever it held, the value that a payload's body spells, with the given
// expiry. The error is one of rdb's if the payload is to blame; then the caller undoes everything (D1).
func Restore(k Key, body []byte, expireMS int64) error {
	r := restorer{k: k, expireMS: expireMS}
	r.k.hide() // what it holds is dropped when the first element comes
	if len(body) == 0 {
		return rdb.ErrCorrupt
	}
	r.noRead = !rdb.HasEntriesRead(body[0])
	in := rdb.NewPayload(body[1:])
	if err := in.Value(body[0], &r); err != nil {
		return err
	}
	return r.save()
}

// restorer is the rdb.Visitor that makes a value. One of the collections is in use.
type restorer struct {
	k        Key
	kind     rdb.Kind
	now      int64
	expireMS int64
	list     List
	set      Set
	zset     ZSet
	hash     Hash
	stream   Stream
	group    Group    // of the stream, and not saved yet
	consumer Consumer // of the group, and not saved yet
	noRead   bool     // groups do not say how far they have read
}

// Start implements rdb.Visitor. n is only claimed: it moves the command, and no more.
func (r *restorer) Start(kind rdb.Kind, n uint64) error {
	r.kind, r.now = kind, r.k.t.NowMS()
	switch kind {
	case rdb.List:
		r.list.Key = r.k
	case rdb.Set:
		r.set.Key = r.k
	case rdb.ZSet:
		r.zset.Key = r.k
	case rdb.Hash:
		r.hash.Key = r.k
	case rdb.Stream:
		r.stream.Key = r.k
		r.stream.Create() // it may have no elements
	}
	return r.k.t.Heavy(int(min(n, 1<<30)))
}

// Element implements rdb.Visitor.
func (r *restorer) Element(e *rdb.Element) error {
	switch r.kind {
	case rdb.String:
		if int64(len(e.Key)) > r.k.t.Limits().MaxStringBytes {
			return fmt.Errorf("%w: the string is longer than proto-max-bulk-len", rdb.ErrCorrupt)
		}
		SetString(&r.k, e.Key, r.expireMS)
		return nil
	case rdb.List:
		r.list.Push(Right, e.Key)
		return nil
	case rdb.Set:
		return distinct(r.set.Add(e.Key))
	case rdb.ZSet:
		added, _, err := r.zset.Add(e.Key, e.Score, ZAdd{})
		return distinct(added == ZCreated, err)
	}
	return r.field(e)
}

// field adds a field; one that is past its time is left out.
func (r *restorer) field(e *rdb.Element) error {
	if e.ExpireMS != 0 && e.ExpireMS <= r.now {
		return nil
	}
	if err := distinct(r.hash.Set(e.Key, e.Value)); err != nil || e.ExpireMS == 0 {
		return err
	}
	return r.hash.SetTime(e.Key, e.ExpireMS)
}

func distinct(created bool, err error) error {
	if err == nil && !created {
		err = fmt.Errorf("%w: an element that is there twice", rdb.ErrCorrupt)
	}
	return err
}

// save writes the head. The first element has reset the key, so that the expiry is the new one's. A
// hash of which all fields were past their time is no key.
func (r *restorer) save() error {
	switch r.kind {
	case rdb.List:
		r.list.Head.ExpireMS = r.expireMS
		return r.list.Save()
	case rdb.Set:
		r.set.Head.ExpireMS = r.expireMS
		r.set.Save()
	case rdb.ZSet:
		r.zset.Head.ExpireMS = r.expireMS
		r.zset.Save()
	case rdb.Hash:
		if !r.hash.Exists {
			r.k.Remove()
			return nil
		}
		r.hash.Head.ExpireMS = r.expireMS
		r.hash.Save()
	case rdb.Stream:
		r.saveGroup()
		r.stream.Head.ExpireMS = r.expireMS
		r.stream.Save()
	}
	return nil
}

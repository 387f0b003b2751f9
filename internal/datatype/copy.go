package datatype

import "github.com/haypile/haypile/internal/layout"

// CopyKey makes dst, which may be of another database, a copy of src, its expiry
// included. What dst held is dropped. Elements carry their user key, so that those
// of an expanded collection are written anew.
func CopyKey(src, dst *Key) error {
	head := src.Head
	dst.Reset(head.Type, head.Encoding)
	dst.Head = head
	if head.Encoding == layout.EncExpanded {
		if err := src.t.Heavy(src.weight()); err != nil {
			return err
		}
		dst.Head.Version, dst.Head.Home = dst.t.NewVersion(), nil
		if err := copyElements(src, dst); err != nil {
			return err
		}
	}
	dst.Save()
	return nil
}

// MoveKey gives a key another name, in the same database, with its expiry. What dst held is dropped. The elements
// of an expanded key stay where they are: the head names their home.
func MoveKey(src, dst *Key) error {
	head, home := src.Head, src.home()
	if head.Encoding != layout.EncExpanded || !src.t.Keys().SameSlot(home, dst.Name) {
		err := CopyKey(src, dst)
		src.Remove()
		return err
	}
	dst.Reset(head.Type, head.Encoding)
	dst.Head = head
	if string(home) == string(dst.Name) {
		dst.Head.Home = nil
	} else if dst.Head.Home = home; home == nil {
		dst.Head.Home = []byte{} // the empty name is a name
	}
	dst.Save()
	for _, name := range [][]byte{src.Name, dst.Name} { // what is remembered under a name is not followed under another
		src.t.Window(name, head.Version).Drop()
	}
	src.Head = layout.Head{} // which has nothing to drop
	src.Remove()
	return nil
}

// weight is how many elements an expanded key has, as work.
func (k *Key) weight() int {
	if k.Head.Type == layout.TypeString {
		return int(k.Head.Count / bytesPerElement)
	}
	return int(min(k.Head.Count, 1<<30))
}

// copyElements copies all pairs of a version, whatever the type keeps there.
func copyElements(src, dst *Key) error {
	for _, part := range [...]struct{ from, to []byte }{{src.Elements(), dst.Elements()}, {src.Scores(), dst.Scores()}} {
		buf := append(make([]byte, 0, len(part.to)+64), part.to...)
		err := Walk(src.t, part.from, func(suffix, val []byte) bool {
			buf = append(buf[:len(part.to)], suffix...)
			dst.t.Put(buf, val)
			return true
		})
		if err != nil {
			return err
		}
	}
	return nil
}

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
		dst.Head.Version = dst.t.NewVersion()
		if err := copyElements(src, dst); err != nil {
			return err
		}
	}
	dst.Save()
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

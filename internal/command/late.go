package command

// lateHeader is the place of a header whose number is known only when the
// elements have been written.
type lateHeader struct {
	c    *Ctx
	from int
}

// late begins a reply of elements that are not yet counted.
func (c *Ctx) late() lateHeader { return lateHeader{c, len(c.W.Buf)} }

// finish puts the header of n elements, an array's or a set's, before what was
// written since.
func (l lateHeader) finish(header func(n int), n int) error {
	end := len(l.c.W.Buf)
	header(n)
	var h [24]byte
	size := copy(h[:], l.c.W.Buf[end:])
	copy(l.c.W.Buf[l.from+size:], l.c.W.Buf[l.from:end])
	copy(l.c.W.Buf[l.from:], h[:size])
	return nil
}

package command

import (
	"bytes"
	"math"

	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/resp"
)

// Errors that stream commands share.
const (
	errStreamID     resp.Err = "ERR Invalid stream ID specified as stream command argument"
	errInvalidStart resp.Err = "ERR invalid start ID for the interval"
	errInvalidEnd   resp.Err = "ERR invalid end ID for the interval"
)

// maxStreamIDText is the longest text that Redis looks at.
const maxStreamIDText = 127

// parseStreamID reads ms-seq, or ms alone, which means ms-missing.
func parseStreamID(b []byte, missing uint64) (layout.StreamID, error) {
	id, auto, ok := splitStreamID(b, missing)
	if !ok || auto {
		return id, errStreamID
	}
	return id, nil
}

// splitStreamID is parseStreamID with ms-*, where the sequence is left open.
func splitStreamID(b []byte, missing uint64) (id layout.StreamID, auto, ok bool) {
	if len(b) > maxStreamIDText {
		return id, false, false
	}
	if end := bytes.IndexByte(b, 0); end >= 0 {
		b = b[:end]
	}
	ms, seq, both := bytes.Cut(b, []byte{'-'})
	if id.MS, ok = parseUnsigned(ms); !ok {
		return id, false, false
	}
	switch {
	case !both:
		id.Seq = missing
	case len(seq) == 1 && seq[0] == '*':
		auto = true
	default:
		id.Seq, ok = parseUnsigned(seq)
	}
	return id, auto, ok
}

// quoted is a name as Redis puts it into an error: up to the first zero byte.
func quoted(name []byte) string {
	name, _, _ = bytes.Cut(name, []byte{0})
	return "'" + string(name) + "'"
}

// parseUnsigned reads a number as Redis's string2ull does, which falls back on C's
// strtoull: blanks and a sign may come first.
func parseUnsigned(b []byte) (n uint64, ok bool) {
	if i, ok := numeric.ParseInt64(b); ok {
		return uint64(i), i >= 0
	}
	b = bytes.TrimLeft(b, " \t\n\v\f\r")
	neg := len(b) > 0 && b[0] == '-'
	if neg || len(b) > 0 && b[0] == '+' {
		b = b[1:]
	}
	for _, c := range b {
		d := uint64(c - '0')
		if d > 9 || n > math.MaxUint64/10 || n*10 > math.MaxUint64-d {
			return 0, false
		}
		n = n*10 + d
	}
	if neg {
		n = -n
	}
	return n, len(b) > 0
}

// parseAnyStreamID also knows - and +, the ends of all IDs.
func parseAnyStreamID(b []byte, missing uint64) (layout.StreamID, error) {
	if len(b) == 1 && b[0] == '-' {
		return layout.StreamID{}, nil
	}
	if len(b) == 1 && b[0] == '+' {
		return layout.MaxStreamID, nil
	}
	return parseStreamID(b, missing)
}

// appendStreamIDs reads a list of IDs.
func appendStreamIDs(ids []layout.StreamID, args [][]byte) ([]layout.StreamID, error) {
	for _, arg := range args {
		id, err := parseStreamID(arg, 0)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// parseFromID reads the lower end of an interval; "(" excludes it.
func parseFromID(b []byte) (layout.StreamID, error) {
	if len(b) <= 1 || b[0] != '(' {
		return parseAnyStreamID(b, 0)
	}
	id, err := parseStreamID(b[1:], 0)
	if err != nil {
		return id, err
	}
	id, ok := id.Next()
	if !ok {
		return id, errInvalidStart
	}
	return id, nil
}

// parseToID reads the upper end of an interval.
func parseToID(b []byte) (layout.StreamID, error) {
	if len(b) <= 1 || b[0] != '(' {
		return parseAnyStreamID(b, math.MaxUint64)
	}
	id, err := parseStreamID(b[1:], math.MaxUint64)
	if err != nil {
		return id, err
	}
	id, ok := id.Prev()
	if !ok {
		return id, errInvalidEnd
	}
	return id, nil
}

// addOptions are the arguments of XADD up to its fields, or of XTRIM.
type addOptions struct {
	id     datatype.NewID
	noMake bool
	trim   datatype.Trim
	limit  bool // LIMIT was given
	next   int  // the argument behind the ID
}

// parseAdd reads what follows the key. Without id the options are those of XTRIM.
func parseAdd(c *Ctx, withID bool) (o addOptions, err error) {
	i := 2
	for ; i < len(c.Args); i++ {
		arg, more := c.Args[i], len(c.Args)-1-i
		switch {
		case withID && len(arg) == 1 && arg[0] == '*':
			o.id.Auto, o.next = true, i+1
		case more > 0 && equalFold(arg, "maxlen"):
			i, err = o.parseTrim(c, datatype.TrimByLength, i+1)
		case more > 0 && equalFold(arg, "minid"):
			i, err = o.parseTrim(c, datatype.TrimByID, i+1)
		case more > 0 && equalFold(arg, "limit"):
			i++
			err = o.parseLimit(c.Args[i])
		case withID && equalFold(arg, "nomkstream"):
			o.noMake = true
		case withID:
			err = o.parseID(arg)
			o.next = i + 1
		default:
			err = resp.ErrSyntax
		}
		if err != nil {
			return o, err
		}
		if o.next > 0 {
			break
		}
	}
	return o, o.finish(c, withID)
}

func (o *addOptions) parseID(arg []byte) error {
	id, auto, ok := splitStreamID(arg, 0)
	if !ok {
		return errStreamID
	}
	o.id.ID, o.id.AutoSeq = id, auto
	return nil
}

// parseTrim reads [~|=] threshold and returns the place of the threshold.
func (o *addOptions) parseTrim(c *Ctx, by datatype.TrimBy, i int) (int, error) {
	if o.trim.By != datatype.TrimNone {
		return i, resp.Err("ERR syntax error, MAXLEN and MINID options at the same time are not compatible")
	}
	o.trim.By, o.trim.Approx = by, false
	if sign := c.Args[i]; i+1 < len(c.Args) && len(sign) == 1 && (sign[0] == '~' || sign[0] == '=') {
		o.trim.Approx = sign[0] == '~'
		i++
	}
	if by == datatype.TrimByID {
		var err error
		o.trim.MinID, err = parseStreamID(c.Args[i], 0)
		return i, err
	}
	n, ok := numeric.ParseInt64(c.Args[i])
	if !ok {
		return i, resp.ErrNotInt
	}
	if n < 0 {
		return i, resp.Err("ERR The MAXLEN argument must be >= 0.")
	}
	o.trim.MaxLen = n
	return i, nil
}

func (o *addOptions) parseLimit(arg []byte) error {
	n, ok := numeric.ParseInt64(arg)
	if !ok {
		return resp.ErrNotInt
	}
	if n < 0 {
		return resp.Err("ERR The LIMIT argument must be >= 0.")
	}
	o.trim.Limit, o.limit = n, true
	return nil
}

// finish checks the options as a whole. Without LIMIT an approximate trim removes the
// entries of at most 100 nodes.
func (o *addOptions) finish(c *Ctx, withID bool) error {
	switch {
	case o.trim.Limit > 0 && o.trim.By == datatype.TrimNone:
		return resp.Err("ERR syntax error, LIMIT cannot be used without specifying a trimming strategy")
	case !withID && o.trim.By == datatype.TrimNone:
		return resp.Err("ERR syntax error, XTRIM must be called with a trimming strategy")
	case o.limit && !o.trim.Approx:
		return resp.Err("ERR syntax error, LIMIT cannot be used without the special ~ option")
	case !o.limit && o.trim.Approx:
		const most = 1_000_000
		n := c.T.Limits().StreamNodeMaxEntries
		if n <= 0 {
			n = 100
		}
		o.trim.Limit = min(min(n, most)*100, most)
	}
	return nil
}

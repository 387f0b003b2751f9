package lua

import "sort"

// OpenTable registers the table library.
func (st *State) OpenTable() {
	lib := st.NewTable(0, 0)
	st.Register(lib, map[string]GoFunction{
		"concat": tabConcat, "foreach": tabForeach, "foreachi": tabForeachi, "getn": tabGetn, "insert": tabInsert,
		"maxn": tabMaxn, "remove": tabRemove, "setn": tabSetn, "sort": tabSort,
	})
	st.Globals.SetString("table", Value{o: lib})
}

func tabConcat(t *Thread, args []Value) int {
	tab := t.CheckTable(args, 0)
	sep := t.OptString(args, 1, "")
	from := t.OptInt(args, 2, 1)
	to := 0
	if Arg(args, 3).IsNil() {
		to = tab.Len()
	} else {
		to = t.CheckInt(args, 3)
	}
	var b []byte
	charged := 0
	for i := from; i <= to; i++ {
		v := tab.GetInt(i)
		switch x := v.o.(type) {
		case *Str:
			b = append(b, x.s...)
		case numTag:
			b = AppendNumber(b, v.n, 14)
		default:
			return t.Errorf("invalid value (%s) at index %d in table for 'concat'", v.Type(), i)
		}
		if i < to {
			b = append(b, sep...)
		}
		charged = t.st.Grow(charged, cap(b))
		t.st.Steps(1)
	}
	t.st.Drop(charged)
	return t.text(string(b))
}

func tabForeach(t *Thread, args []Value) int {
	tab := t.CheckTable(args, 0)
	f := t.CheckFunction(args, 1)
	for key := Nil; ; {
		k, v, more, ok := tab.Next(key)
		if !ok {
			t.Errorf("invalid key to 'next'")
		}
		if !more {
			return 0
		}
		if r := t.Call1(f, k, v); !r.IsNil() {
			return t.Return(r)
		}
		key = k
	}
}

func tabForeachi(t *Thread, args []Value) int {
	tab := t.CheckTable(args, 0)
	f := t.CheckFunction(args, 1)
	for i := 1; i <= tab.Len(); i++ {
		if r := t.Call1(f, Int(i), tab.GetInt(i)); !r.IsNil() {
			return t.Return(r)
		}
	}
	return 0
}

func tabGetn(t *Thread, args []Value) int { return t.Return(Int(t.CheckTable(args, 0).Len())) }

func tabSetn(t *Thread, args []Value) int {
	t.CheckTable(args, 0)
	return t.Errorf("'setn' is obsolete")
}

func tabInsert(t *Thread, args []Value) int {
	tab := t.CheckWritable(args, 0)
	end := tab.Len() + 1
	switch len(args) {
	case 2:
		tab.SetInt(end, args[1])
	case 3:
		at := t.CheckInt(args, 1)
		if at > end {
			end = at // there is a gap
		}
		t.st.Steps((end - at) / 8)
		for i := end; i > at; i-- {
			tab.SetInt(i, tab.GetInt(i-1))
		}
		tab.SetInt(at, args[2])
	default:
		return t.Errorf("wrong number of arguments to 'insert'")
	}
	return 0
}

func tabMaxn(t *Thread, args []Value) int {
	tab := t.CheckTable(args, 0)
	most := 0.0
	for i, v := range tab.arr {
		if !v.IsNil() {
			most = float64(i + 1)
		}
	}
	for i := range tab.nodes {
		if n := &tab.nodes[i]; !n.val.IsNil() && n.key.IsNumber() {
			most = max(most, n.key.n)
		}
	}
	return t.Return(Number(most))
}

func tabRemove(t *Thread, args []Value) int {
	tab := t.CheckWritable(args, 0)
	end := tab.Len()
	at := t.OptInt(args, 1, end)
	if at < 1 || at > end {
		return 0
	}
	t.st.Steps((end - at) / 8)
	t.push(tab.GetInt(at))
	for i := at; i < end; i++ {
		tab.SetInt(i, tab.GetInt(i+1))
	}
	tab.SetInt(end, Nil)
	return 1
}

// sorter sorts a table; what is no order ends in some order, or in an error as PUC-Rio's.
type sorter struct {
	t     *Thread
	items []Value
	less  Value
}

func (s *sorter) Len() int { return len(s.items) }

func (s *sorter) Swap(i, j int) { s.items[i], s.items[j] = s.items[j], s.items[i] }

func (s *sorter) Less(i, j int) bool {
	s.t.st.Steps(1)
	if s.less.IsNil() {
		return s.t.lessThan(s.items[i], s.items[j])
	}
	return s.t.Call1(s.less, s.items[i], s.items[j]).Truth()
}

func tabSort(t *Thread, args []Value) int {
	tab := t.CheckWritable(args, 0)
	n := tab.Len()
	if !Arg(args, 1).IsNil() {
		t.CheckFunction(args, 1)
	}
	counted := t.st.Grow(0, n*valueBytes)
	s := &sorter{t: t, items: make([]Value, n), less: Arg(args, 1)}
	for i := range s.items {
		s.items[i] = tab.GetInt(i + 1)
	}
	sort.Sort(s)
	for i, v := range s.items {
		tab.SetInt(i+1, v)
	}
	t.st.Drop(counted)
	return 0
}

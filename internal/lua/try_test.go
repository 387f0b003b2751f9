package lua

import (
	"fmt"
	"os"
	"testing"
	"time"
)

func newTestState() *State {
	st := NewState()
	st.OpenBase()
	st.OpenString()
	st.OpenTable()
	st.OpenMath(&Random{})
	st.Register(st.Globals, map[string]GoFunction{"print": func(t *Thread, args []Value) int {
		for i, v := range args {
			if i > 0 {
				fmt.Print("\t")
			}
			s, _ := t.ToString(v).ToText()
			fmt.Print(s)
		}
		fmt.Println()
		return 0
	}})
	return st
}

func TestTry(t *testing.T) {
	file := os.Getenv("LUA_FILE")
	if file == "" {
		t.Skip()
	}
	src, _ := os.ReadFile(file)
	st := newTestState()
	p, err := Compile(string(src), "@"+file)
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	_, err = st.Call(st.Load(p), nil)
	fmt.Println(time.Since(begin), err)
}

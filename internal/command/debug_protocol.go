package command

import "github.com/haypile/haypile/internal/resp"

// debugProtocol replies with a value of each type, for tests of clients and of scripts.
func debugProtocol(c *Ctx) error {
	w := c.W
	switch c.Arg(2) {
	case "string":
		w.BulkString("Hello World")
	case "integer":
		w.Int(12345)
	case "double":
		w.Double(3.141)
	case "null":
		w.Null()
	case "array":
		w.Array(3)
		writeThree(w)
	case "set":
		w.Set(3)
		writeThree(w)
	case "map":
		w.Map(3)
		for i := range int64(3) {
			w.Int(i)
			w.Bool(i == 1)
		}
	case "attrib":
		if w.Proto >= 3 {
			w.Raw([]byte("|1\r\n"))
			w.BulkString("key-popularity")
			w.Array(2)
			w.BulkString("key:123")
			w.Int(90)
		}
		w.BulkString("Some real reply following the attribute")
	case "push":
		w.Push(2)
		w.BulkString("server-cpu-usage")
		w.Int(42)
		w.BulkString("Some real reply following the push reply")
	case "verbatim":
		w.Verbatim("txt", "This is a verbatim\nstring")
	case "true":
		w.Bool(true)
	case "false":
		w.Bool(false)
	case "bignum":
		w.BigNumber("1234567999999999999999999999999999999")
	default:
		return resp.Err("ERR Wrong protocol type name. Please use one of the following: string|integer|double|null|array|set|map|attrib|push|verbatim|true|false")
	}
	return nil
}

func writeThree(w *resp.Writer) {
	for i := range int64(3) {
		w.Int(i)
	}
}

func debugDenyScripts(c *Ctx) error {
	c.Host.Scripts().DenyNothing.Store(c.Arg(2) != "0")
	return c.ok()
}

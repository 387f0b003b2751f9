package oracle

import "strconv"

var scriptRows = []row{
	{"EVAL", 20, func(g *gen) l { return l{"return redis.call(unpack(ARGV))", "0", g.scripted()} }},
	{"EVAL", 8, func(g *gen) l { return l{"redis.setresp(3); return redis.call(unpack(ARGV))", "0", g.scripted()} }},
	{"EVAL", 8, func(g *gen) l {
		return l{"local r = redis.pcall(unpack(ARGV)) if type(r) == 'table' then return r.err or r.ok or #r end return r", "0", g.scripted()}
	}},
	{"EVAL", 6, func(g *gen) l { // what was done before an error stays
		return l{"redis.call('SET', KEYS[1], ARGV[1]); return redis.call(unpack(ARGV, 2))", "1", g.key(strs), g.value(), g.scripted()}
	}},
	{"EVAL_RO", 6, func(g *gen) l { return l{"return redis.call(unpack(ARGV))", "0", g.scripted()} }},
	{"EVAL", 12, func(g *gen) l { return l{g.snippet(), "0", g.value(), g.value(), g.float(), g.integer()} }},
	{"EVAL", 2, func(g *gen) l { return l{"return #KEYS", g.one("-1", "0", "1", "5", "x"), "a", "b"} }},
	{"SCRIPT LOAD", 2, func(g *gen) l { return l{"return " + strconv.Itoa(g.IntN(5))} }},
	{"SCRIPT EXISTS", 2, func(g *gen) l { return l{scriptSHAs[g.IntN(len(scriptSHAs))]} }},
	{"EVALSHA", 4, func(g *gen) l { return l{scriptSHAs[g.IntN(len(scriptSHAs))], g.one("0", "0", "0", "1", "x")} }},
	{"SCRIPT FLUSH", 1, func(g *gen) l { return l{g.maybe(2, g.one("SYNC", "ASYNC", "NOW"))} }},
	{"FUNCTION LOAD", 4, func(g *gen) l { return l{g.maybe(2, "REPLACE"), libraries[g.IntN(len(libraries))]} }},
	{"FUNCTION DELETE", 2, func(g *gen) l { return l{g.one("lib1", "lib2", "nolib")} }},
	{"FUNCTION FLUSH", 1, func(g *gen) l { return nil }},
	{"FUNCTION STATS", 2, func(g *gen) l { return nil }},
	{"FUNCTION LIST", 3, func(g *gen) l { return l{"LIBRARYNAME", g.one("lib1", "lib2", "LIB2"), g.maybe(2, "WITHCODE")} }},
	{"FCALL", 8, func(g *gen) l { return l{g.one("f1", "F1", "f2", "nofunc"), "1", g.key(strs), g.value()} }},
	{"FCALL_RO", 4, func(g *gen) l { return l{g.one("f1", "f2"), "1", g.key(strs), g.value()} }},
}

// scriptSHAs are of "return 0", "return 3", and of nothing.
var scriptSHAs = []string{"06d3d9b2060dd51343d5f19f0e531f15c507e3d1", "09d3822de862f46d784e6a36848b4f0736dda47a", "0000000000000000000000000000000000000000"}

var libraries = []string{
	"#!lua name=lib1\nredis.register_function('f1', function(keys, args) return redis.call('SET', keys[1], args[1]) end)",
	"#!lua name=lib2\nredis.register_function{function_name='f2', description='reads', flags={'no-writes'}, callback=function(keys) return redis.call('GET', keys[1]) end}",
	"#!lua name=lib2\nredis.register_function('f1', function() return 2 end)",
	"#!lua name=lib1\nfoo = 1",
	"#!lua name=lib1\nreturn 1",
	"#!lua name=li b\nreturn 1",
	"#!nolua name=lib1\nreturn 1",
	"return 1",
}

// scripted is a command whose reply has one order only.
func (g *gen) scripted() []string {
	commands := []func() l{
		func() l { return l{"GET", g.anyKey()} },
		func() l { return l{"SET", g.key(strs), g.value()} },
		func() l { return l{"INCRBY", g.key(strs), g.integer()} },
		func() l { return l{"INCRBYFLOAT", g.key(strs), g.float()} },
		func() l { return l{"RPUSH", g.key(lists), g.elems(3)} },
		func() l { return l{"LRANGE", g.key(lists), "0", "-1"} },
		func() l { return l{"LPOP", g.key(lists)} },
		func() l { return l{"ZADD", g.key(zsets), g.score(), g.elem()} },
		func() l { return l{"ZSCORE", g.key(zsets), g.elem()} },
		func() l { return l{"ZRANGE", g.key(zsets), "0", "-1", "WITHSCORES"} },
		func() l { return l{"HSET", g.key(hashes), g.field(), g.value()} },
		func() l { return l{"HGET", g.key(hashes), g.field()} },
		func() l { return l{"SISMEMBER", g.key(sets), g.elem()} },
		func() l { return l{"SADD", g.key(sets), g.elem()} },
		func() l { return l{"DEL", g.anyKey()} },
		func() l { return l{"TYPE", g.anyKey()} },
		func() l { return l{"BLPOP", g.key(lists), "0"} },
		func() l { return l{"GET"} },
		func() l { return l{"NOSUCH"} },
		func() l { return l{"SELECT", "99"} },
		func() l { return l{"MULTI"} },
	}
	var list []string
	for _, a := range commands[g.IntN(len(commands))]() {
		switch a := a.(type) {
		case string:
			list = append(list, a)
		case []string:
			list = append(list, a...)
		}
	}
	return list
}

func (g *gen) snippet() string { return snippets[g.IntN(len(snippets))] }

// snippets are pure Lua over ARGV: two values, a float and an integer.
var snippets = []string{
	"return ARGV", "return {ARGV[1] .. ARGV[2], #ARGV[1], ARGV[1] < ARGV[2], ARGV[1] == ARGV[2]}",
	"return tostring(tonumber(ARGV[3]))", "return tonumber(ARGV[4])", "return {tonumber(ARGV[3]), tonumber(ARGV[1])}",
	"return {string.upper(ARGV[1]), string.rep(ARGV[2], 3), string.reverse(ARGV[1]), ARGV[1]:sub(2, -2)}",
	"return {ARGV[1]:find('%w+'), ARGV[1]:gsub('%a', '<%0>'), ARGV[1]:match('(.)(.*)')}",
	"return string.format('%s|%10s|%-10s|%q', ARGV[1], ARGV[2], ARGV[2], ARGV[1])",
	"return string.format('%d %5.2f %x %g %e %i', 42, 3.14159, 255, 1e20, 12345.678, -7)",
	"local n = tonumber(ARGV[3]) if n then return string.format('%g %.3f %e', n, n, n) end return 'none'",
	"return cjson.encode({ARGV[1], ARGV[2], tonumber(ARGV[3]) and 1.5, {a = ARGV[1], b = {}, c = {1, 2}}})",
	"return cjson.encode(cjson.decode('{\"x\": [1, 2.5, null, true, \"\\\\u00e9\\\\n\"], \"y\": {}, \"z\": 1e100}'))",
	"return cjson.encode({one = 1, two = 2, three = 3, four = 4, five = 5, six = 6, seven = 7, [1] = 'x'})",
	"local t = {} for i = 1, 20 do t['k' .. i] = i end for i = 1, 20, 3 do t['k' .. i] = nil end local r = {} for k, v in pairs(t) do r[#r + 1] = k end return r",
	"local t = {} for i = 10, 1, -1 do t[i] = i end t[20] = 1 t.x = 1 t[2.5] = 1 local r = {} for k in pairs(t) do r[#r + 1] = tostring(k) end return r",
	"return {pcall(cjson.decode, ARGV[1])}", "return {pcall(cjson.encode, {[1] = 1, [1000] = 2})}", "return {pcall(cmsgpack.unpack, ARGV[1])}",
	"return cmsgpack.pack(ARGV[1], tonumber(ARGV[4]), {1, 2, {a = ARGV[2]}}, true, nil)",
	"return {cmsgpack.unpack(cmsgpack.pack(ARGV[1], 1, {1, 2, {ARGV[2]}}))}",
	"return {struct.pack('>I2 i4 d s', 1, -2, 3.5, ARGV[1]), struct.size('!8 b d'), struct.unpack('<i4', '\\255\\255\\255\\255')}",
	"return {bit.band(255, 15), bit.bor(1, 2), bit.lshift(1, 31), bit.tohex(-1), bit.bswap(0x12345678), bit.rol(1, 33)}",
	"return redis.sha1hex(ARGV[1])", "return redis.status_reply(ARGV[1])", "return redis.error_reply('E ' .. #ARGV[1])",
	"error(ARGV[1])", "error({err = 'E custom'})", "return {pcall(error, ARGV[1])}", "return {pcall(error)}", "local x = nil; return x.y",
	"return nosuch", "nosuch = 1", "return nosuch.field", "ARGV.x.y = 1", "return ARGV[1] + {}", "return #nil", "return {} .. 'x'", "return {} < {}",
	"return 1 < 'x'", "string.rep()", "('x'):rep({})", "local f = function() return ARGV[1]:nomethod() end f()", "return redis.call()",
	"redis.call = 1", "setmetatable(_G, {})", "return redis.setresp(4)", "return redis.log(1)", "return redis.log(9, 'x')", "syntax error here",
	"return 'unfinished", "for i = 1 do end", "x = = 1", "return {1, 2, nil, 4}", "return {[1] = 'a', [2] = 'b', [4] = 'd'}", "return {double = 1.5}",
	"return {map = {a = 1}}", "return {set = {a = true}}", "return {big_number = '123'}", "return {verbatim_string = {format = 'txt', string = 'x'}}",
	"return true", "return false", "return nil", "return 3.99", "return -3.99", "return 1e300", "return 0/0", "return '\\0\\255'", "return function() end",
	"return {ok = 'a\\r\\nb'}", "return {err = 'a'}", "return unpack({1, 2, 3})", "return select('#', unpack({1, nil, 3}, 1, 3))",
	"local t = {5, 2, 8, 1} table.sort(t) table.insert(t, 3) table.insert(t, 1, 0) table.remove(t) return t",
	"local t = {} for w in string.gmatch('a=1, b=2', '(%w+)=(%w+)') do t[#t + 1] = w end return t",
	"local co = coroutine.wrap(function(a) local b = coroutine.yield(a + 1) return b * 2 end) return {co(1), co(10)}",
	"local s = 0 for i = 10, 1, -3 do s = s + i end local n = 0 repeat n = n + 1 until n > 5 while true do n = n + 1 if n > 9 then break end end return {s, n}",
	"local t = setmetatable({}, {__index = function(_, k) return k .. '!' end, __call = function(_, a) return a end}) return {t.x, t(ARGV[1])}",
	"return loadstring('return ' .. #ARGV[1])()", "return {loadstring('return +')}", "return {tostring(1e15), tostring(2^53), tostring(0.1), tostring(-0), 10 % 3, -10 % 3, 2^0.5}",
	"#!lua flags=no-writes\nreturn redis.call('SET', 'x', 1)", "#!lua flags=bad\nreturn 1", "#!lua\nreturn 1", "#!", "#!other\nreturn 1",
	"local function f(...) return select('#', ...) end return {f(), f(nil), f(1, nil, 3)}", "return type(redis.call) .. type(cjson.null) .. type(KEYS)",
	"return {math.floor(3.7), math.max(1, 5, 3), math.abs(-2), math.fmod(7, 3), math.huge, math.pi * 1000}",
	"return {string.byte('abc', 1, -1)}", "return {('x'):byte(10)}", "return string.char(72, 105)", "return {string.find('a.b', '.', 1, true)}",
	"return {pcall(string.rep, 'x', -1)}", "return {pcall(string.format, '%d', 'x')}", "return {pcall(string.format, '%y', 1)}", "return {pcall(setmetatable, 1, {})}",
	"return {pcall(next, {}, 'x')}", "return {pcall(unpack, {}, 1, 1e6)}", "return {pcall(table.concat, {1, {}, 3})}", "return {pcall(tonumber, 'x', 99)}",
	"return {tonumber('0x1F'), tonumber('z', 36), tonumber('  5  '), tonumber('5x'), tonumber('')}", "return rawequal(ARGV, ARGV)", "return getmetatable('').__index == string",
}

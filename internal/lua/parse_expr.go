package lua

func (p *parser) exprList() []expr {
	list := []expr{p.expr()}
	for p.accept(",") {
		list = append(list, p.expr())
	}
	return list
}

// binaryOp is an operator with its binding powers to the left and to the right.
type binaryOp struct{ left, right int }

var binaryOps = map[string]binaryOp{
	"or": {1, 1}, "and": {2, 2},
	"<": {3, 3}, ">": {3, 3}, "<=": {3, 3}, ">=": {3, 3}, "~=": {3, 3}, "==": {3, 3},
	"..": {5, 4}, "+": {6, 6}, "-": {6, 6}, "*": {7, 7}, "/": {7, 7}, "%": {7, 7}, "^": {10, 9},
}

const unaryPower = 8

func (p *parser) expr() expr { return p.binary(0) }

// binary reads operators that bind more strongly than limit.
func (p *parser) binary(limit int) expr {
	p.enter()
	defer p.leave()
	var left expr
	if op, ok := p.unaryOp(); ok {
		p.next()
		operand := p.binary(unaryPower)
		left = foldUnary(&unaryExpr{op, operand, p.last})
	} else {
		left = p.simple()
	}
	for p.tok.kind == tokSymbol || p.tok.kind == tokKeyword {
		text := p.tok.text
		op, ok := binaryOps[text]
		if !ok || op.left <= limit {
			break
		}
		p.next()
		right := p.binary(op.right)
		left = combine(text, left, right, p.last)
	}
	return left
}

func (p *parser) unaryOp() (op, bool) {
	switch {
	case p.keyword("not"):
		return opNot, true
	case p.symbol("-"):
		return opUnm, true
	case p.symbol("#"):
		return opLen, true
	}
	return 0, false
}

var arithOps = map[string]op{"+": opAdd, "-": opSub, "*": opMul, "/": opDiv, "%": opMod, "^": opPow}

func combine(text string, l, r expr, line int) expr {
	switch text {
	case "and", "or":
		return &logicExpr{text == "and", l, r}
	case "==", "~=":
		return &compareExpr{op: opEq, negate: text == "~=", l: l, r: r, line: line}
	case "<", ">":
		return &compareExpr{op: opLt, swap: text == ">", l: l, r: r, line: line}
	case "<=", ">=":
		return &compareExpr{op: opLe, swap: text == ">=", l: l, r: r, line: line}
	case "..":
		parts := []expr{l}
		if c, ok := r.(*concatExpr); ok { // right associative
			parts = append(parts, c.parts...)
		} else {
			parts = append(parts, r)
		}
		return &concatExpr{parts, line}
	}
	return foldBinary(&binaryExpr{arithOps[text], l, r, line})
}

// foldBinary computes operations on two constants, unless the result is NaN or divides by zero.
func foldBinary(b *binaryExpr) expr {
	l, ok1 := b.l.(*numberExpr)
	r, ok2 := b.r.(*numberExpr)
	if !ok1 || !ok2 || (b.op == opDiv || b.op == opMod) && r.n == 0 {
		return b
	}
	if n := arith(b.op, l.n, r.n); n == n {
		return &numberExpr{n}
	}
	return b
}

func foldUnary(u *unaryExpr) expr {
	if n, ok := u.e.(*numberExpr); ok && u.op == opUnm && n.n == n.n {
		return &numberExpr{-n.n}
	}
	return u
}

func (p *parser) simple() expr {
	switch p.tok.kind {
	case tokNumber:
		n := p.tok.num
		p.next()
		return &numberExpr{n}
	case tokString:
		s := p.tok.text
		p.next()
		return &stringExpr{s}
	case tokKeyword:
		switch p.tok.text {
		case "nil":
			p.next()
			return &nilExpr{}
		case "true":
			p.next()
			return &trueExpr{}
		case "false":
			p.next()
			return &falseExpr{}
		case "function":
			line := p.line
			p.next()
			return p.function(false, line)
		}
	case tokSymbol:
		switch p.tok.text {
		case "...":
			if !p.funcs[len(p.funcs)-1].isVararg {
				p.failHere("cannot use '...' outside a vararg function")
			}
			p.funcs[len(p.funcs)-1].dots = true
			p.next()
			return &varargExpr{}
		case "{":
			return p.table()
		}
	}
	return p.suffixed()
}

func (p *parser) table() expr {
	t := &tableExpr{line: p.line}
	open := p.line
	p.expect("{")
	for !p.symbol("}") {
		item := tableItem{line: p.line}
		switch {
		case p.tok.kind == tokName && p.peek().kind == tokSymbol && p.peek().text == "=":
			item.key = &stringExpr{p.name()}
			p.next()
			item.val = p.expr()
		case p.symbol("["):
			p.next()
			item.key = p.expr()
			p.expect("]")
			p.expect("=")
			item.val = p.expr()
		default:
			item.val = p.expr()
		}
		t.items = append(t.items, item)
		if !p.accept(",") && !p.accept(";") {
			break
		}
	}
	p.expectClose("}", "{", open)
	return t
}

// suffixed reads a name or a parenthesis with what follows: fields, indexes, calls.
func (p *parser) suffixed() expr {
	line := p.line
	var e expr
	switch {
	case p.tok.kind == tokName:
		e = &nameExpr{p.name(), line}
	case p.symbol("("):
		p.next()
		inner := p.expr()
		p.expectClose(")", "(", line)
		e = paren(inner)
	default:
		p.failHere("unexpected symbol")
	}
	for {
		switch {
		case p.accept("."):
			name := p.name()
			e = &indexExpr{e, &stringExpr{name}, p.last}
		case p.accept("["):
			key := p.expr()
			p.expect("]")
			e = &indexExpr{e, key, p.last}
		case p.accept(":"):
			e = p.call(e, p.name())
		case p.symbol("(") || p.symbol("{") || p.tok.kind == tokString:
			e = p.call(e, "")
		default:
			return e
		}
	}
}

// paren keeps parentheses where they cut many values to one.
func paren(e expr) expr {
	switch e.(type) {
	case *callExpr, *varargExpr, *nameExpr, *indexExpr, *concatExpr:
		return &parenExpr{e}
	}
	return e
}

func (p *parser) call(fn expr, method string) expr {
	c := &callExpr{fn: fn, method: method, line: p.line}
	switch {
	case p.tok.kind == tokString:
		c.args = []expr{&stringExpr{p.tok.text}}
		p.next()
	case p.symbol("{"):
		c.args = []expr{p.table()}
	case p.symbol("("):
		if p.line != p.last {
			p.failHere("ambiguous syntax (function call x new statement)")
		}
		open := p.line
		p.next()
		if !p.symbol(")") {
			c.args = p.exprList()
		}
		p.expectClose(")", "(", open)
	default:
		p.failHere("function arguments expected")
	}
	return c
}

package lua

// parser reads statements into a tree.
type parser struct {
	lexer
	depth int
	funcs []*funcExpr // open functions, innermost last
	loops []int       // how many loops are open in each
}

// maxLevels bounds nesting, as LUAI_MAXCCALLS does.
const maxLevels = 200

func (p *parser) enter() {
	if p.depth++; p.depth > maxLevels {
		p.fail(p.line, "", "chunk has too many syntax levels")
	}
}

func (p *parser) leave() { p.depth-- }

func (p *parser) is(kind tokenKind, text string) bool {
	return p.tok.kind == kind && p.tok.text == text
}

func (p *parser) symbol(s string) bool { return p.is(tokSymbol, s) }

func (p *parser) keyword(s string) bool { return p.is(tokKeyword, s) }

// accept steps over a token if it is the given one.
func (p *parser) accept(s string) bool {
	if (p.tok.kind == tokSymbol || p.tok.kind == tokKeyword) && p.tok.text == s {
		p.next()
		return true
	}
	return false
}

func (p *parser) expect(s string) {
	if !p.accept(s) {
		p.failHere("'%s' expected", s)
	}
}

// expectClose expects what closes something that was opened on a line.
func (p *parser) expectClose(what, opened string, line int) {
	if p.accept(what) {
		return
	}
	if line == p.line {
		p.failHere("'%s' expected", what)
	}
	p.failHere("'%s' expected (to close '%s' at line %d)", what, opened, line)
}

func (p *parser) name() string {
	if p.tok.kind != tokName {
		p.failHere("'<name>' expected")
	}
	s := p.tok.text
	p.next()
	return s
}

// parseChunk reads a whole source text.
func parseChunk(src, chunk string) *funcExpr {
	p := &parser{lexer: *newLexer(src, chunk)}
	main := &funcExpr{isVararg: true}
	p.open(main)
	p.next()
	main.body = p.block()
	if p.tok.kind != tokEOF {
		p.failHere("'<eof>' expected")
	}
	main.endLine = p.line
	return main
}

func (p *parser) open(f *funcExpr) {
	p.funcs = append(p.funcs, f)
	p.loops = append(p.loops, 0)
}

func (p *parser) close() {
	p.funcs = p.funcs[:len(p.funcs)-1]
	p.loops = p.loops[:len(p.loops)-1]
}

// blockEnds says that the current token follows a block.
func (p *parser) blockEnds() bool {
	switch {
	case p.tok.kind == tokEOF:
		return true
	case p.tok.kind != tokKeyword:
		return false
	}
	switch p.tok.text {
	case "else", "elseif", "end", "until":
		return true
	}
	return false
}

func (p *parser) block() []stmt {
	p.enter()
	defer p.leave()
	var list []stmt
	for !p.blockEnds() {
		s, last := p.statement()
		p.accept(";")
		list = append(list, s)
		if last {
			break
		}
	}
	return list
}

func (p *parser) loopBody() []stmt {
	p.loops[len(p.loops)-1]++
	body := p.block()
	p.loops[len(p.loops)-1]--
	return body
}

// statement reads one statement; last says that none may follow.
func (p *parser) statement() (s stmt, last bool) {
	line := p.line
	if p.tok.kind != tokKeyword {
		return p.exprStatement(line), false
	}
	switch p.tok.text {
	case "if":
		return p.ifStatement(line), false
	case "while":
		p.next()
		cond := p.expr()
		p.expect("do")
		body := p.loopBody()
		p.expectClose("end", "while", line)
		return &whileStmt{cond, body, line}, false
	case "do":
		p.next()
		body := p.block()
		p.expectClose("end", "do", line)
		return &doStmt{body, line}, false
	case "for":
		return p.forStatement(line), false
	case "repeat":
		p.next()
		body := p.loopBody()
		p.expectClose("until", "repeat", line)
		return &repeatStmt{body, p.expr(), line}, false
	case "function":
		return p.functionStatement(line), false
	case "local":
		p.next()
		if p.accept("function") {
			name := p.name()
			return &localFuncStmt{name, p.function(false, line), line}, false
		}
		return p.localStatement(line), false
	case "return":
		p.next()
		var list []expr
		if !p.blockEnds() && !p.symbol(";") {
			list = p.exprList()
		}
		return &returnStmt{list, line}, true
	case "break":
		p.next()
		if p.loops[len(p.loops)-1] == 0 {
			p.failHere("no loop to break")
		}
		return &breakStmt{line}, true
	}
	return p.exprStatement(line), false
}

func (p *parser) ifStatement(line int) stmt {
	s := &ifStmt{line: line}
	for {
		p.next() // if, elseif
		s.conds = append(s.conds, p.expr())
		p.expect("then")
		s.blocks = append(s.blocks, p.block())
		if !p.keyword("elseif") {
			break
		}
	}
	if p.accept("else") {
		s.blocks = append(s.blocks, p.block())
	}
	p.expectClose("end", "if", line)
	return s
}

func (p *parser) forStatement(line int) stmt {
	p.next()
	first := p.name()
	switch {
	case p.accept("="):
		s := &numForStmt{name: first, line: line}
		s.start = p.expr()
		p.expect(",")
		s.stop = p.expr()
		if p.accept(",") {
			s.step = p.expr()
		}
		p.expect("do")
		s.body = p.loopBody()
		p.expectClose("end", "for", line)
		return s
	case p.symbol(",") || p.keyword("in"):
		s := &genForStmt{names: []string{first}, line: line}
		for p.accept(",") {
			s.names = append(s.names, p.name())
		}
		p.expect("in")
		s.line = p.line
		s.exprs = p.exprList()
		p.expect("do")
		s.body = p.loopBody()
		p.expectClose("end", "for", line)
		return s
	}
	p.failHere("'=' or 'in' expected")
	return nil
}

func (p *parser) functionStatement(line int) stmt {
	p.next()
	var target expr = &nameExpr{p.name(), line}
	method := false
	for p.symbol(".") || p.symbol(":") {
		method = p.symbol(":")
		p.next()
		target = &indexExpr{target, &stringExpr{p.name()}, line}
		if method {
			break
		}
	}
	fn := p.function(method, line)
	return &assignStmt{[]expr{target}, []expr{fn}, line}
}

func (p *parser) localStatement(line int) stmt {
	s := &localStmt{names: []string{p.name()}, line: line}
	for p.accept(",") {
		s.names = append(s.names, p.name())
	}
	if p.accept("=") {
		s.exprs = p.exprList()
	}
	return s
}

func (p *parser) exprStatement(line int) stmt {
	e := p.suffixed()
	if call, ok := e.(*callExpr); ok {
		return &callStmt{call, line}
	}
	s := &assignStmt{targets: []expr{e}, line: line}
	for {
		switch s.targets[len(s.targets)-1].(type) {
		case *nameExpr, *indexExpr:
		default:
			p.failHere("syntax error")
		}
		if len(s.targets) > maxLevels {
			p.fail(p.line, "", "function at line %d has more than %d variables in assignment", p.funcs[len(p.funcs)-1].line, maxLevels)
		}
		if !p.accept(",") {
			break
		}
		s.targets = append(s.targets, p.suffixed())
	}
	p.expect("=")
	s.exprs = p.exprList()
	s.line = p.last
	return s
}

// function reads parameters and body.
func (p *parser) function(method bool, line int) *funcExpr {
	f := &funcExpr{line: line}
	p.open(f)
	if method {
		f.params = append(f.params, "self")
	}
	p.expect("(")
	for !p.symbol(")") {
		switch {
		case p.tok.kind == tokName:
			f.params = append(f.params, p.name())
		case p.accept("..."):
			f.isVararg = true
		default:
			p.failHere("<name> or '...' expected")
		}
		if f.isVararg || !p.accept(",") {
			break
		}
	}
	p.expect(")")
	f.body = p.block()
	f.endLine = p.line
	p.expectClose("end", "function", line)
	p.close()
	return f
}

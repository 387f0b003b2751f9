package lua

// expr is an expression. Nodes carry the line that errors at run time name.
type expr interface{}

type (
	nilExpr    struct{}
	trueExpr   struct{}
	falseExpr  struct{}
	varargExpr struct{}
	numberExpr struct{ n float64 }
	stringExpr struct{ s string }
	nameExpr   struct {
		name string
		line int
	}
	indexExpr struct {
		obj, key expr
		line     int
	}
	callExpr struct {
		fn     expr
		method string // obj:method(…); fn is the object
		args   []expr
		line   int
	}
	binaryExpr struct {
		op   op
		l, r expr
		line int
	}
	compareExpr struct {
		op     op // opEq, opLt, opLe
		negate bool
		swap   bool // r op l, evaluated from left to right all the same
		l, r   expr
		line   int
	}
	logicExpr struct {
		and  bool
		l, r expr
	}
	unaryExpr struct {
		op   op
		e    expr
		line int
	}
	concatExpr struct {
		parts []expr
		line  int
	}
	parenExpr struct{ e expr }
	tableExpr struct {
		items []tableItem
		line  int
	}
	funcExpr struct {
		params   []string
		isVararg bool
		dots     bool // … is used, so that there is no table arg
		body     []stmt
		line     int
		endLine  int
	}
)

// tableItem is one field of a constructor; key nil puts it into the list.
type tableItem struct {
	key, val expr
	line     int
}

type stmt interface{}

type (
	localStmt struct {
		names []string
		exprs []expr
		line  int
	}
	assignStmt struct {
		targets, exprs []expr
		line           int
	}
	callStmt struct {
		call *callExpr
		line int
	}
	doStmt struct {
		body []stmt
		line int
	}
	whileStmt struct {
		cond expr
		body []stmt
		line int
	}
	repeatStmt struct {
		body []stmt
		cond expr
		line int
	}
	ifStmt struct {
		conds  []expr
		blocks [][]stmt // one more than conds when there is an else
		line   int
	}
	numForStmt struct {
		name              string
		start, stop, step expr
		body              []stmt
		line              int
	}
	genForStmt struct {
		names []string
		exprs []expr
		body  []stmt
		line  int
	}
	localFuncStmt struct {
		name string
		fn   *funcExpr
		line int
	}
	returnStmt struct {
		exprs []expr
		line  int
	}
	breakStmt struct{ line int }
)

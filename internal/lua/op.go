package lua

// op is an operation of the machine. R are registers, K constants, RK either: from rkConst on they are constants.
type op uint8

const (
	opMove      op = iota // R[a] = R[b]
	opLoadK               // R[a] = K[b]
	opLoadBool            // R[a] = b; skip one if c
	opLoadNil             // R[a…b] = nil
	opGetUp               // R[a] = U[b]
	opSetUp               // U[b] = R[a]
	opGetGlobal           // R[a] = env[K[b]]
	opSetGlobal           // env[K[b]] = R[a]
	opGetTable            // R[a] = R[b][RK[c]]
	opSetTable            // R[a][RK[b]] = RK[c]
	opNewTable            // R[a] = {} with room for b in the array, c in the hash
	opSelf                // R[a+1] = R[b]; R[a] = R[b][RK[c]]
	opAdd                 // R[a] = RK[b] + RK[c], and so on
	opSub
	opMul
	opDiv
	opMod
	opPow
	opUnm      // R[a] = -R[b]
	opNot      // R[a] = not R[b]
	opLen      // R[a] = #R[b]
	opConcat   // R[a] = R[b] .. … .. R[c]
	opJump     // pc += b
	opEq       // if (RK[b] == RK[c]) == a then do the jump that follows, else skip it
	opLt       //
	opLe       //
	opTest     // if truth of R[a] is c then pc += b
	opCall     // R[a…] = R[a](R[a+1…a+b-1]); b 0: up to the top; c-1 results, 0: all
	opTailCall // return R[a](…)
	opReturn   // return R[a…a+b-2]; b 0: up to the top
	opForPrep  // R[a] -= R[a+2]; pc += b
	opForLoop  // R[a] += R[a+2]; if it is within R[a+1] then R[a+3] = R[a], pc += b
	opTForCall // R[a+3…a+2+c] = R[a](R[a+1], R[a+2])
	opTForLoop // if R[a+3] is not nil then R[a+2] = R[a+3], pc += b
	opSetList  // R[a][50c+i] = R[a+i] for i in 1…b; b 0: up to the top
	opClose    // close upvalues from R[a] on
	opClosure  // R[a] = function P[b]
	opArg      // R[a] = {n = number of …, …}
	opVararg   // R[a…a+b-2] = …; b 0: all
)

// rkConst is where constants begin among operands that may be either.
const rkConst = 256

type instr struct {
	op op
	a  uint8
	c  uint16
	b  int32
}

// Proto is a compiled function.
type Proto struct {
	chunk     string // as given to Compile
	source    string // the same, as messages show it
	line      int    // where it is defined; 0 is the main chunk
	lastLine  int
	params    int
	vararg    bool
	stack     int // registers that it needs
	code      []instr
	lines     []int32
	consts    []Value
	protos    []*Proto
	upvalues  []upvalueDesc
	notes     []note
	upvalName []string
}

type upvalueDesc struct {
	local bool // a register of the function around, else one of its upvalues
	index int
}

// operand says what a value was called in the source: global, local, field, method or upvalue.
type operand struct{ kind, name string }

// note keeps the names of an instruction's operands for errors.
type note struct {
	pc    int
	names []operand
}

// operandAt returns the name of the nth operand at a pc.
func (p *Proto) operandAt(pc, n int) operand {
	lo, hi := 0, len(p.notes)
	for lo < hi {
		if mid := (lo + hi) / 2; p.notes[mid].pc < pc {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(p.notes) && p.notes[lo].pc == pc && n < len(p.notes[lo].names) {
		return p.notes[lo].names[n]
	}
	return operand{}
}

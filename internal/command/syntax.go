package command

import (
	"fmt"
	"strings"
)

// An Arg is one argument of a command in the terms of COMMAND DOCS.
type Arg struct {
	Name    string
	Type    ArgType
	Display string // what documentation calls the argument; only of arguments without Args
	Token   string // the word that stands before the argument, or is the argument (PureToken)
	Since   string // the version that brought it, where that is not the command's
	Until   string // the version that deprecated it

	Optional      bool
	Multiple      bool // it may be repeated
	MultipleToken bool // and each time with its token

	KeySpec int   // of a Key: the index of its key specification in COMMAND INFO
	Args    []Arg // of a OneOf: the alternatives; of a Block: what stands together
}

// ArgType is the type of an argument as COMMAND DOCS spells it.
type ArgType string

const (
	String    ArgType = "string"
	Integer   ArgType = "integer"
	Double    ArgType = "double"
	KeyName   ArgType = "key"
	Pattern   ArgType = "pattern"
	UnixTime  ArgType = "unix-time"
	PureToken ArgType = "pure-token"
	OneOf     ArgType = "oneof"
	Block     ArgType = "block"
)

// typeOfWord has the type of each argument that is called the same everywhere: a row need not say it. What is not here is a
// String.
var typeOfWord = map[string]ArgType{
	"destination": KeyName, "destkey": KeyName, "dst": KeyName, "key": KeyName, "key1": KeyName, "key2": KeyName, "newkey": KeyName,
	"source": KeyName, "sourcekey": KeyName, "src": KeyName,
	"client-id": Integer, "count": Integer, "cursor": Integer, "index": Integer, "limit": Integer, "milliseconds": Integer,
	"numfields": Integer, "numkeys": Integer, "numreplicas": Integer, "offset": Integer, "port": Integer, "seconds": Integer,
	"slot":   Integer,
	"height": Double, "latitude": Double, "longitude": Double, "radius": Double, "score": Double, "width": Double,
	"pattern":           Pattern,
	"unix-time-seconds": UnixTime, "unix-time-milliseconds": UnixTime,
}

// parseSyntax reads the Syntax of a row. It is written as Redis's documentation writes a command, without the command's name
// and with what COMMAND DOCS says beyond that:
//
//	sequence = { item }
//	item     = ( WORD [ word | "(" body ")" ] | word | "(" body ")" | "[" body "]" ) [ "..." ] [ "@" since ]
//	body     = [ label ":" ] sequence { "|" sequence }
//
// A word is an argument, "word:type" one of a type that does not follow from the word (typeOfWord). A WORD, which has no small
// letters, is a token: of the argument or the parentheses that follow it directly, or else an argument of its own. Brackets
// are what may be left out, parentheses hold together. A body of one item is that item, one of alternatives is a oneof, and
// one of several items, as an alternative of several items, is a block.
//
// A label names what is in the brackets or parentheses. Without one an argument is called as its word, a token in small
// letters, a block or oneof as its token, any other block "data"; any other oneof needs a label.
//
// "..." says that there may be more of the same: "[WEIGHTS weight...]" is one token before many weights, "[GET pattern]..." a
// token before each. "@6.2.0" is the version that brought an argument, "@-2.8.12" the one that deprecated it.
//
// "()" is a command without arguments.
func parseSyntax(syntax string) ([]Arg, error) {
	p := syntaxParser{rest: strings.TrimSpace(syntax)}
	switch p.rest {
	case "()":
		return nil, nil
	case "":
		return nil, fmt.Errorf("there is no syntax; that of a command without arguments is ()")
	}
	args, err := p.sequence()
	if err == nil && p.rest != "" {
		err = fmt.Errorf("%q stands outside of brackets", p.rest)
	}
	if err != nil {
		return nil, fmt.Errorf("syntax %q: %w", syntax, err)
	}
	if err = checkNames(args); err != nil {
		return nil, fmt.Errorf("syntax %q: %w", syntax, err)
	}
	return args, nil
}

type syntaxParser struct {
	rest  string
	depth int
}

const maxSyntaxDepth = 16

// sequence reads items up to the end of the text or of the brackets.
func (p *syntaxParser) sequence() (args []Arg, err error) {
	for p.skip(); p.rest != "" && !strings.ContainsRune("|)]", rune(p.rest[0])); p.skip() {
		arg, err := p.item()
		if err != nil {
			return nil, err
		}
		args = append(args, arg)
	}
	if len(args) == 0 {
		return nil, fmt.Errorf("nothing before %q", p.rest)
	}
	return args, nil
}

func (p *syntaxParser) item() (Arg, error) {
	if c := p.rest[0]; c == '(' || c == '[' {
		return p.group("")
	}
	word, s := p.word()
	if !isToken(word) {
		return argOf(word, s)
	}
	if s == (suffix{}) {
		p.skip()
		if strings.HasPrefix(p.rest, "(") {
			return p.group(word)
		}
		before := *p
		if next, s := p.word(); next != "" && !isToken(next) {
			arg, err := argOf(next, s)
			arg.Token = word
			return arg, err
		}
		*p = before
	}
	name := strings.ToLower(word)
	arg := Arg{Name: name, Display: name, Type: PureToken, Token: word}
	s.apply(&arg)
	return arg, nil
}

// group reads brackets or parentheses; token is what stands before them.
func (p *syntaxParser) group(token string) (arg Arg, err error) {
	if p.depth++; p.depth > maxSyntaxDepth {
		return arg, fmt.Errorf("more than %d brackets in another", maxSyntaxDepth)
	}
	optional, end := p.rest[0] == '[', ")"
	if optional {
		end = "]"
	}
	p.rest = p.rest[1:]
	label := p.label()
	var choices []Arg
	for {
		args, err := p.sequence()
		if err != nil {
			return arg, err
		}
		choices = append(choices, blockOf(args))
		if !strings.HasPrefix(p.rest, "|") {
			break
		}
		p.rest = p.rest[1:]
	}
	if !strings.HasPrefix(p.rest, end) {
		return arg, fmt.Errorf("%q where %q was expected", p.rest, end)
	}
	p.rest = p.rest[1:]
	p.depth--
	_, s := p.word()

	if arg = choices[0]; len(choices) > 1 {
		arg = Arg{Type: OneOf, Args: choices}
	}
	if token != "" {
		if arg.Type == PureToken || arg.Token != "" {
			return arg, fmt.Errorf("%s stands before a token", token)
		}
		if arg.Token = token; arg.Args != nil {
			arg.Name = strings.ToLower(token)
		}
	}
	if label != "" {
		arg.Name = label
	}
	if optional {
		arg.Optional = true
	}
	if s.multiple && arg.Multiple {
		return arg, fmt.Errorf("%s is repeated twice", arg.Name)
	}
	s.apply(&arg)
	if arg.Type == PureToken {
		arg.Display = arg.Name
	}
	// A token before parentheses is before all that is repeated in them, one inside is repeated too.
	arg.MultipleToken = arg.MultipleToken || s.multiple && token == "" && arg.Token != "" && arg.Type != PureToken
	return arg, nil
}

// blockOf makes one argument of what stands together.
func blockOf(args []Arg) Arg {
	if len(args) == 1 {
		return args[0]
	}
	return Arg{Name: "data", Type: Block, Args: args}
}

// suffix is what stands directly behind an item.
type suffix struct {
	multiple     bool
	since, until string
}

func (s suffix) apply(arg *Arg) {
	arg.Multiple = arg.Multiple || s.multiple
	if s.since != "" {
		arg.Since = s.since
	}
	if s.until != "" {
		arg.Until = s.until
	}
}

// word takes a word and its suffix from the text; it is empty where a bracket or the end comes first.
func (p *syntaxParser) word() (string, suffix) {
	end := strings.IndexAny(p.rest, " ()[]|")
	if end < 0 {
		end = len(p.rest)
	}
	word := p.rest[:end]
	p.rest = p.rest[end:]
	var s suffix
	word, versions, _ := strings.Cut(word, "@")
	s.since, s.until, _ = strings.Cut(versions, "-")
	word, s.multiple = strings.CutSuffix(word, "...")
	return word, s
}

// label takes "name:" from the text, if it is there.
func (p *syntaxParser) label() string {
	p.skip()
	before := *p
	word, _ := p.word()
	if name, is := strings.CutSuffix(word, ":"); is {
		return name
	}
	*p = before
	return ""
}

func (p *syntaxParser) skip() { p.rest = strings.TrimLeft(p.rest, " ") }

// argOf is the argument of "word" or "word:type".
func argOf(word string, s suffix) (Arg, error) {
	arg := Arg{Name: word, Type: typeOfWord[word]}
	if name, typ, ok := strings.Cut(word, ":"); ok && isValueType(ArgType(typ)) {
		arg.Name, arg.Type = name, ArgType(typ)
	}
	if arg.Type == "" {
		arg.Type = String
	}
	arg.Display = arg.Name
	s.apply(&arg)
	if word == "" {
		return arg, fmt.Errorf("a suffix without a word")
	}
	return arg, nil
}

func isValueType(t ArgType) bool {
	switch t {
	case String, Integer, Double, KeyName, Pattern, UnixTime:
		return true
	}
	return false
}

// isToken says whether a word is a token: it has no small letters.
func isToken(word string) bool {
	return word != "" && strings.ToUpper(word) == word
}

// checkNames refuses names that are none: so a misspelt type, which has become part of a name, is found.
func checkNames(args []Arg) error {
	for i := range args {
		name := args[i].Name
		if name == "" {
			return fmt.Errorf("alternatives need a label: [label: A | B]")
		}
		if strings.Trim(name, "-abcdefghijklmnopqrstuvwxyz0123456789") != "" {
			return fmt.Errorf("%q is not a name: it needs a label, or its type is wrong", name)
		}
		if err := checkNames(args[i].Args); err != nil {
			return err
		}
	}
	return nil
}

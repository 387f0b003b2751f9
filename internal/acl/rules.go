package acl

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
)

// Errors of rules; texts are Redis's.
var (
	errUnknown     = errors.New("Unknown command or category name in ACL")
	errSyntax      = errors.New("Syntax error")
	errKeysDone    = errors.New("Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. Try 'resetkeys' to start with an empty list of patterns")
	errChannelDone = errors.New("Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any effect. Try 'resetchannels' to start with an empty list of channels")
	errNoPassword  = errors.New("The password you are trying to remove from the user does not exist")
	errHash        = errors.New("The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters")
	errFirstArg    = errors.New("Allowing first-arg of a subcommand is not supported")
)

// RuleError says which rule is wrong.
type RuleError struct {
	Rule string
	Err  error
}

func (e *RuleError) Error() string { return e.Err.Error() }

func (e *RuleError) Unwrap() error { return e.Err }

// UnmatchedError is a parenthesis that is not closed.
type UnmatchedError struct{ At string }

func (e *UnmatchedError) Error() string {
	return "Unmatched parenthesis in acl selector starting at '" + e.At + "'."
}

// draft is a user being changed. Nobody else sees it.
type draft struct {
	commands *Commands
	channels bool // acl-pubsub-default is allchannels
	Rights
}

// apply applies rules in turn and stops at the first that is wrong.
func (d *draft) apply(rules []string) error {
	rules, err := mergeSelectors(rules)
	if err != nil {
		return err
	}
	for _, r := range rules {
		if err := d.rule(r); err != nil {
			return &RuleError{r, err}
		}
	}
	return nil
}

// mergeSelectors joins what stands between parentheses in several words.
func mergeSelectors(words []string) ([]string, error) {
	var out []string
	joined, open := "", -1
	for i, w := range words {
		switch {
		case strings.HasPrefix(w, "(") && !strings.HasSuffix(w, ")"):
			joined, open = w, i
		case open >= 0:
			joined += " " + w
			if strings.HasSuffix(w, ")") {
				out, open = append(out, joined), -1
			}
		default:
			out = append(out, w)
		}
	}
	if open >= 0 {
		return nil, &UnmatchedError{words[open]}
	}
	return out, nil
}

// rule applies one rule of a user.
func (d *draft) rule(r string) error {
	switch word := strings.ToLower(r); {
	case r == "":
		return nil
	case word == "on":
		d.on = true
	case word == "off":
		d.on = false
	case word == "skip-sanitize-payload":
		d.sanitize = sanitizeSkip
	case word == "sanitize-payload":
		d.sanitize = sanitizeYes
	case word == "nopass":
		d.noPass, d.passwords = true, nil
	case word == "resetpass":
		d.noPass, d.passwords = false, nil
	case r[0] == '>' || r[0] == '#' || r[0] == '<' || r[0] == '!':
		return d.password(r)
	case r[0] == '(' && r[len(r)-1] == ')':
		return d.selector(r[1 : len(r)-1])
	case word == "clearselectors":
		d.selectors = d.selectors[:1]
	case word == "reset":
		d.reset()
	default:
		return d.selectors[0].rule(r)
	}
	return nil
}

func (d *draft) reset() {
	root := d.newSelector()
	root.allChannels = d.channels
	d.Rights = Rights{sanitize: sanitizeYes, selectors: []*selector{root}}
}

func (d *draft) newSelector() *selector { return &selector{commands: d.commands} }

// selector adds what stood between parentheses.
func (d *draft) selector(rules string) error {
	s := d.newSelector()
	s.allChannels = d.channels
	for _, r := range fields(rules) {
		if strings.HasSuffix(r, ")") { // it could not be told from the end, in a file
			return errSyntax
		}
		if err := s.rule(r); err != nil {
			return err
		}
	}
	d.selectors = append(d.selectors, s)
	return nil
}

// HashPassword is how a password is kept and shown.
func HashPassword(password []byte) string {
	sum := sha256.Sum256(password)
	return hex.EncodeToString(sum[:])
}

// password adds (> #) or removes (< !) one, in clear (> <) or as its hash.
func (d *draft) password(r string) error {
	hash := r[1:]
	if r[0] == '>' || r[0] == '<' {
		hash = HashPassword([]byte(hash))
	} else if !isHash(hash) {
		return errHash
	}
	at := slices.Index(d.passwords, hash)
	if r[0] == '<' || r[0] == '!' {
		if at < 0 {
			return errNoPassword
		}
		d.passwords = slices.Delete(d.passwords, at, at+1)
		return nil
	}
	if at < 0 {
		d.passwords = append(d.passwords, hash)
	}
	d.noPass = false
	return nil
}

func isHash(s string) bool {
	return len(s) == 2*sha256.Size && strings.Trim(s, "0123456789abcdef") == ""
}

// rule applies one rule of a selector.
func (s *selector) rule(r string) error {
	switch word := strings.ToLower(r); {
	case word == "allkeys" || word == "~*":
		s.allKeys, s.keys = true, nil
	case word == "resetkeys":
		s.allKeys, s.keys = false, nil
	case word == "allchannels" || word == "&*":
		s.allChannels, s.channels = true, nil
	case word == "resetchannels":
		s.allChannels, s.channels = false, nil
	case word == "allcommands" || word == "+@all":
		s.begin(true)
	case word == "nocommands" || word == "-@all":
		s.begin(false)
	case r[0] == '~' || r[0] == '%':
		return s.key(r)
	case r[0] == '&':
		return s.channel(r[1:])
	case strings.HasPrefix(r, "+@") || strings.HasPrefix(r, "-@"):
		return s.category(r)
	case r[0] == '+' || r[0] == '-':
		return s.command(r)
	default:
		return errSyntax
	}
	return nil
}

// key adds a pattern of keys: ~p, or %R~p, %W~p, %RW~p.
func (s *selector) key(r string) error {
	if s.allKeys {
		return errKeysDone
	}
	p := pattern{text: r[1:], access: readWrite}
	if r[0] == '%' {
		flags, text, _ := strings.Cut(r[1:], "~")
		switch strings.ToUpper(flags) {
		case "R":
			p.access = Read
		case "W":
			p.access = Write
		case "RW", "WR":
		default:
			return errSyntax
		}
		p.text = text
	}
	if hasBlank(p.text) {
		return errSyntax
	}
	p.glob = []byte(p.text)
	if at := slices.IndexFunc(s.keys, func(o pattern) bool { return o.text == p.text }); at >= 0 {
		s.keys[at].access |= p.access
	} else {
		s.keys = append(s.keys, p)
	}
	return nil
}

func (s *selector) channel(p string) error {
	switch {
	case s.allChannels:
		return errChannelDone
	case hasBlank(p):
		return errSyntax
	case !slices.Contains(s.channels, p):
		s.channels = append(s.channels, p)
	}
	return nil
}

func (s *selector) category(r string) error {
	on, ok := s.commands.category(r[2:])
	if !ok {
		return errUnknown
	}
	s.add(rule{text: strings.ToLower(r), allow: r[0] == '+', on: on})
	return nil
}

// command allows or forbids a command or subcommand, or allows a command with one
// first argument.
func (s *selector) command(r string) error {
	name := r[1:]
	if cmd := s.commands.Find(name); cmd != nil {
		s.add(rule{text: r[:1] + cmd.Name, allow: r[0] == '+', on: cmd.whole()})
		return nil
	}
	bar := strings.LastIndexByte(name, '|')
	if r[0] == '-' || bar < 0 {
		return errUnknown
	}
	cmd, arg := s.commands.Find(name[:bar]), name[bar+1:]
	switch {
	case cmd == nil:
		return errUnknown
	case cmd.Sub:
		return errFirstArg
	case arg == "" || hasBlank(arg):
		return errSyntax
	case len(cmd.subs) > 0:
		return errUnknown
	}
	s.add(rule{text: "+" + cmd.Name + "|" + arg, id: cmd.ID, first: arg})
	return nil
}

// hasBlank says whether a name or pattern would not survive in a line of a file.
func hasBlank(s string) bool { return strings.ContainsAny(s, blanks) }

const blanks = " \t\n\v\f\r\x00"

// fields parts words; blanks of Unicode are not among what divides them.
func fields(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(blanks, r) })
}

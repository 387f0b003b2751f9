package command

import "strings"

// Usage shows arguments as Redis's documentation does: brackets for what may be left out, <A | B> for a choice, and what may
// be repeated once more with dots.
func Usage(args []Arg) string { return usages(args, " ") }

func usages(args []Arg, between string) string {
	var parts []string
	for i := range args {
		parts = append(parts, args[i].usage())
	}
	return strings.Join(parts, between)
}

func (a *Arg) usage() string {
	text := a.Display
	switch a.Type {
	case PureToken:
		text = a.Token
	case Block:
		text = usages(a.Args, " ")
	case OneOf:
		if text = usages(a.Args, " | "); !a.Optional || a.Token != "" || a.Multiple {
			text = "<" + text + ">"
		}
	}
	token := ""
	if a.Token != "" && a.Type != PureToken {
		token = a.Token + " "
	}
	switch {
	case a.MultipleToken:
		text = token + text + " [" + token + text + " ...]"
	case a.Multiple && a.Type == OneOf:
		text = token + text + " [...]"
	case a.Multiple:
		text = token + text + " [" + text + " ...]"
	default:
		text = token + text
	}
	if a.Optional {
		return "[" + text + "]"
	}
	return text
}

// Span is how many words arguments are at least, and whether there may be more.
func Span(args []Arg) (least int, more bool) {
	for i := range args {
		n, m := args[i].span()
		if args[i].Optional {
			n, m = 0, true
		}
		least, more = least+n, more || m || args[i].Multiple
	}
	return least, more
}

func (a *Arg) span() (least int, more bool) {
	switch a.Type {
	case PureToken:
		return 1, false
	case Block:
		least, more = Span(a.Args)
	case OneOf:
		least, more = a.Args[0].span()
		for i := range a.Args[1:] {
			n, m := a.Args[1+i].span()
			least, more = min(least, n), more || m || n != least
		}
	default:
		least = 1
	}
	if a.Token != "" {
		least++
	}
	return least, more
}

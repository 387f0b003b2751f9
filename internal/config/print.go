package config

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

const (
	lineWidth  = 80
	fileHeader = "Configuration of Haypile. Every parameter is listed with its default. A line " +
		"that begins with # and a name shows a default or an example: take the # away and change the value. The others " +
		"are what most people look for first."
	fileSyntax = "Lines are \"name value\", or \"name : value\" as in pika.conf. Values with blanks go into quotes. " +
		"Sizes may have units: 1k is 1000 bytes, 1kb is 1024, likewise m, mb, g, gb. \"include FILE\" reads another " +
		"file at that place; the last line for a name counts. CONFIG SET changes most parameters while running " +
		"(\"needs a restart\" marks the others), and CONFIG REWRITE brings this file up to date."
)

// PrintDefault writes the commented default file. Loading it gives the defaults.
func PrintDefault(w io.Writer) error {
	b := bufio.NewWriter(w)
	v := defaultValues()
	writeComment(b, fileHeader)
	fmt.Fprintln(b, "#")
	writeComment(b, fileSyntax)
	for _, s := range sections {
		rule := strings.Repeat("#", lineWidth)
		fmt.Fprintf(b, "\n%s\n# %s\n#\n", rule, strings.ToUpper(s.title))
		writeComment(b, s.intro)
		fmt.Fprintln(b, rule)
		printRows(b, s.rows, v)
	}
	return b.Flush()
}

// printRows says a text that neighbours share only once.
func printRows(b *bufio.Writer, rows []Param, v *Values) {
	for i, p := range rows {
		if p.Hidden {
			continue
		}
		if i == 0 || rows[i-1].Doc != p.Doc {
			fmt.Fprintln(b)
			writeComment(b, p.Doc+p.changeNote())
		}
		for _, line := range p.defaultLines(v) {
			if !p.Shown {
				line = "#" + line
			}
			fmt.Fprintln(b, line)
		}
	}
}

func (p *Param) changeNote() string {
	switch {
	case p.Protected && !p.Compat:
		return " (CONFIG SET only if enable-protected-configs allows)"
	case p.Mutable || p.FileOnly:
		return ""
	}
	return " (needs a restart)"
}

// defaultLines are the lines of the default file: the default, or an example where
// the default is to have no such line.
func (p *Param) defaultLines(v *Values) []string {
	if p.Example != "" {
		return []string{p.Example}
	}
	var lines []string
	for _, args := range p.fileLines(v) {
		lines = append(lines, p.Name+" "+quoteArgs(args))
	}
	return lines
}

func writeComment(b *bufio.Writer, text string) {
	for _, line := range wrap(text, lineWidth-len("# ")) {
		fmt.Fprintf(b, "# %s\n", line)
	}
}

// wrap breaks text at blanks into lines of at most width characters.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case len([]rune(line))+1+len([]rune(word)) <= width:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	return append(lines, line)
}

// WriteMarkdown writes the reference page of all parameters.
func WriteMarkdown(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "# Configuration\n\n%s\n\n%s\n\n", "`haypile server /path/haypile.conf --name value …` reads a file, then the command line.", fileSyntax)
	v := defaultValues()
	for _, s := range sections {
		fmt.Fprintf(b, "## %s\n\n%s\n\n| name | default | allowed | while running | meaning |\n|---|---|---|---|---|\n", s.title, s.intro)
		for _, p := range s.rows {
			if !p.Hidden {
				writeMarkdownRow(b, &p, v)
			}
		}
		fmt.Fprintln(b)
	}
	return b.Flush()
}

func writeMarkdownRow(b *bufio.Writer, p *Param, v *Values) {
	name := "`" + p.Name + "`"
	for _, alias := range p.Aliases {
		name += "<br>also `" + alias + "`"
	}
	running := map[bool]string{true: "yes", false: "no"}[p.Mutable]
	if p.Protected {
		running = "if enable-protected-configs allows"
	}
	fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", name, p.markdownDefault(v), cell(p.Allowed()), running, cell(p.Doc))
}

func (p *Param) markdownDefault(v *Values) string {
	if p.FileOnly {
		return "none"
	}
	var lines []string
	for _, args := range p.fileLines(v) {
		lines = append(lines, "`"+strings.ReplaceAll(quoteArgs(args), "|", `\|`)+"`")
	}
	return strings.Join(lines, "<br>")
}

// cell keeps text from breaking a table; * would start emphasis.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "*", `\*`, "<", "&lt;").Replace(text)
}

// WriteHelp lists the parameters for the terminal: name, default, first sentence.
func WriteHelp(w io.Writer) error {
	b := bufio.NewWriter(w)
	for _, s := range sections {
		if s.title == compatTitle {
			continue
		}
		fmt.Fprintf(b, "%s\n", s.title)
		for _, p := range s.rows {
			writeHelpRow(b, &p)
		}
		fmt.Fprintln(b)
	}
	return b.Flush()
}

func writeHelpRow(b *bufio.Writer, p *Param) {
	text, _, _ := strings.Cut(strings.TrimSuffix(p.Doc, "."), ". ")
	if p.Default != "" {
		text += " (" + p.Default + ")"
	}
	fmt.Fprintf(b, "  --%s\n", p.Name)
	for _, line := range wrap(text, lineWidth-6) {
		fmt.Fprintf(b, "      %s\n", line)
	}
}

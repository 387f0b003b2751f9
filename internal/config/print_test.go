package config

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
)

func printed(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	if err := PrintDefault(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// loadText loads text and lists what is then not the default.
func loadText(t *testing.T, text string) string {
	t.Helper()
	c := New()
	c.Stdin = strings.NewReader(text)
	return result(c, c.LoadFile("-"))
}

func TestPrintedFileGivesDefaults(t *testing.T) {
	text := printed(t)
	if got := loadText(t, text); got != "" {
		t.Errorf("as printed: %s", got)
	}
	for i, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "# ") && len(line) > lineWidth {
			t.Errorf("line %d is longer than %d: %s", i+1, lineWidth, line)
		}
	}
}

// TestPrintedLinesAreTrue takes the # from every line that shows a default.
func TestPrintedLinesAreTrue(t *testing.T) {
	commented := regexp.MustCompile(`(?m)^#([a-z].*)$`)
	shown := map[string]bool{}
	var lines []string
	for _, m := range commented.FindAllStringSubmatch(printed(t), -1) {
		name, _, _ := strings.Cut(m[1], " ")
		shown[name] = true
		if p := lookup(name); p.Example == "" {
			lines = append(lines, m[1])
		} else if got := loadText(t, m[1]); got == "" || strings.Contains(got, "standard input") {
			t.Errorf("the example %q gives %q", m[1], got)
		}
	}
	if got := loadText(t, strings.Join(lines, "\n")); got != "" {
		t.Errorf("the commented defaults are not the defaults:\n%s", got)
	}
	for _, p := range params.rows {
		if !shown[p.Name] && !p.Shown && !p.Hidden {
			t.Errorf("%s is missing", p.Name)
		}
	}
}

func TestMarkdownAndHelpNameEveryParameter(t *testing.T) {
	var page, help bytes.Buffer
	if err := WriteMarkdown(&page); err != nil {
		t.Fatal(err)
	}
	if err := WriteHelp(&help); err != nil {
		t.Fatal(err)
	}
	for _, p := range params.rows {
		if !p.Hidden && !strings.Contains(page.String(), "| `"+p.Name+"`") {
			t.Errorf("%s is not on the page", p.Name)
		}
		if !p.Compat && !strings.Contains(help.String(), "--"+p.Name+"\n") {
			t.Errorf("%s is not in the help", p.Name)
		}
	}
	for line := range strings.Lines(page.String()) {
		cells := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|")
		if strings.HasPrefix(line, "|") && cells != 6 {
			t.Errorf("the table breaks at: %s", line)
		}
	}
}

package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/haypile/haypile/internal/config"
)

// The tools speak to a Haypile of this machine, never to a Redis that nobody has named.
func TestToolsUseTheOwnPort(t *testing.T) {
	if got := importCommand().Flag("to").DefValue; got != "127.0.0.1:9221" {
		t.Errorf("import sends to %s", got)
	}
	if got := exportCommand().Flag("from").DefValue; got != "127.0.0.1:9221" {
		t.Errorf("export reads from %s", got)
	}
}

func TestVersionAndHelp(t *testing.T) {
	run := func(args ...string) string {
		var out bytes.Buffer
		root := rootCommand()
		root.SetOut(&out)
		root.SetArgs(args)
		if err := root.Execute(); err != nil {
			t.Errorf("%v: %v", args, err)
		}
		return out.String()
	}
	if a, b := run("--version"), run("version"); a != b || !strings.HasPrefix(a, "haypile "+version) {
		t.Errorf("%q, %q", a, b)
	}
	var parameters bytes.Buffer
	if err := config.WriteHelp(&parameters); err != nil {
		t.Fatal(err)
	}
	if run("help", "server") != parameters.String() || run("server", "--help") != parameters.String() {
		t.Error("the help of server does not list the parameters")
	}
}

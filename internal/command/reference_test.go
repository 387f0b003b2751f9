package command_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/haypile/haypile/internal/command"
)

// TestReferenceIsFresh fails when docs/commands.md is not what the rows say.
func TestReferenceIsFresh(t *testing.T) {
	var page bytes.Buffer
	if err := command.WriteMarkdown(&page); err != nil {
		t.Fatal(err)
	}
	there, err := os.ReadFile("../../docs/commands.md")
	if err != nil || !bytes.Equal(there, page.Bytes()) {
		t.Errorf("docs/commands.md is stale (%v): go run ./cmd/haypile commands --markdown > docs/commands.md", err)
	}
}

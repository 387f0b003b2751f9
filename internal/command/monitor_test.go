package command

import (
	"strings"
	"testing"
)

// Passwords appear neither at monitors nor in the slow log.
func TestSecrets(t *testing.T) {
	for line, want := range map[string]string{
		"auth user pw":                                 "auth * *",
		"hello 3 auth user pw setname n":               "hello 3 auth * * setname n",
		"config set maxclients 5 requirepass pw":       "config set maxclients 5 requirepass *",
		"migrate h 1 k 0 9 auth pw keys":               "migrate h 1 k 0 9 auth * keys",
		"migrate h 1 k 0 9 copy auth2 user pw replace": "migrate h 1 k 0 9 copy auth2 * * replace",
		"migrate h 1 auth 0 9 keys auth auth2 k":       "migrate h 1 auth 0 9 keys auth auth2 k",
		"get auth":                                     "get auth",
	} {
		words := strings.Fields(line)
		args := make([][]byte, len(words))
		for i, w := range words {
			args[i] = []byte(w)
		}
		for i := range words {
			if secret(args, i) {
				words[i] = "*"
			}
		}
		if got := strings.Join(words, " "); got != want {
			t.Errorf("%s is shown as %s", line, got)
		}
	}
}

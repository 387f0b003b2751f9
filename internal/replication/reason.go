package replication

import "strings"

// withoutDigits is what errors have in common that differ by a port or a time.
func withoutDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, s)
}

//go:build unix && !linux

package cache

func hugePages([]byte) {}

package datatype

import (
	"bytes"

	"github.com/haypile/haypile/internal/layout"
)

// Libraries of functions are pairs of database 0 that belong to no key: librarySpace, name → code. They are written
// through the log like all else, so that replicas and restarts have them.
var librarySpace = []byte{layout.SpaceSystem, 'f'}

// StoreLibrary writes a library.
func StoreLibrary(t Txn, name, code string) {
	key := append(t.Scratch(len(librarySpace)+len(name)), librarySpace...)
	t.Put(append(key, name...), []byte(code))
}

// DropLibrary forgets a library.
func DropLibrary(t Txn, name string) {
	key := append(t.Scratch(len(librarySpace)+len(name)), librarySpace...)
	t.Delete(append(key, name...))
}

// LoadLibraries reads the names and codes of all libraries.
func LoadLibraries(t Txn) (names []string, codes [][]byte, err error) {
	err = Walk(t, librarySpace, func(name, code []byte) bool {
		names, codes = append(names, string(name)), append(codes, bytes.Clone(code))
		return true
	})
	return names, codes, err
}

// IsLibrary says that a stored pair is a library of functions.
func IsLibrary(key []byte) bool { return bytes.HasPrefix(key, librarySpace) }

package rdb

import (
	"encoding/binary"
	"fmt"
	"strconv"
)

// Codes of a file that are no values.
const (
	opSlot         = 244 // of Redis 7.4 in a cluster
	opFunction2    = 245
	opFunctionOld  = 246 // before 7.0 was released
	opModuleAux    = 247
	opIdle         = 248
	opFreq         = 249
	opAux          = 250
	opResize       = 251
	opExpireMS     = 252
	opExpire       = 253
	opSelect       = 254
	opEnd          = 255
	magic          = "REDIS"
	magicValkey    = "VALKEY" // since 9.0
	versionDigits  = 4
	checksumSince  = 5
	moduleEnd      = 0
	moduleInt      = 1
	moduleUint     = 2
	moduleFloat    = 3
	moduleDouble   = 4
	moduleString   = 5
	moduleNameLen  = 9
	moduleNameBits = 6
)

// Contents is told what a file holds. Names are valid until it returns.
type Contents interface {
	// Select names the database of the keys to come.
	Select(db uint64) error
	// Key begins a key; its value goes to the Visitor. expireMS 0: it does not expire.
	Key(name []byte, expireMS int64) (Visitor, error)
	// KeyDone follows the value.
	KeyDone() error
	// Skipped tells of a key that cannot be taken, and why.
	Skipped(name []byte, why error) error
	// Function is the code of a library of functions.
	Function(code []byte) error
}

// File reads a file, from its first byte to its checksum.
func (r *Reader) File(c Contents) error {
	head, err := r.next(uint64(len(magic) + versionDigits))
	if err != nil {
		return err
	}
	v, err := fileVersion(head)
	if err != nil {
		return err
	}
	f := fileReader{Reader: r, c: c, version: v}
	for {
		op, err := r.byte()
		if err == nil && op == opEnd {
			return f.end()
		}
		if err == nil {
			err = f.item(op)
		}
		if err != nil {
			return fmt.Errorf("at byte %d: %w", r.Offset(), err)
		}
	}
}

// fileReader is one reading of a file.
// MagicLen is how much of a file IsFile looks at.
const MagicLen = len(magic)

// IsFile says whether a file that begins so is an RDB file, of Redis or Valkey.
func IsFile(head []byte) bool {
	return string(head) == magic || string(head) == magicValkey[:MagicLen]
}

// fileVersion is the version that a file begins with, if it can be read.
func fileVersion(head []byte) (int, error) {
	digits := head[len(magic):]
	valkey := string(head[:len(magicValkey)]) == magicValkey
	if valkey {
		digits = head[len(magicValkey):] // a digit less
	}
	v, err := strconv.Atoi(string(digits))
	switch {
	case err != nil || v < 1 || !valkey && string(head[:len(magic)]) != magic:
		return 0, fmt.Errorf("%w: it is no RDB file", ErrCorrupt)
	case v > maxVersion, valkey:
		return 0, VersionError(v)
	}
	return v, nil
}

type fileReader struct {
	*Reader
	c        Contents
	version  int
	expireMS int64 // of the next key
	name     []byte
}

func (f *fileReader) end() error {
	if f.version < checksumSince {
		return nil
	}
	want := f.checksum()
	sum, err := f.uint64()
	if err != nil {
		return err
	}
	if sum != 0 && sum != want { // Redis writes 0 with rdbchecksum no
		return fmt.Errorf("%w: the checksum at the end is wrong; what was read may be damaged", ErrCorrupt)
	}
	return nil
}

func (f *fileReader) item(op byte) (err error) {
	switch op {
	case opSelect:
		db, err := f.count()
		if err != nil {
			return err
		}
		return f.c.Select(db)
	case opExpireMS:
		at, err := f.uint64()
		f.expireMS = int64(at)
		return err
	case opExpire:
		b, err := f.next(4)
		if err == nil {
			f.expireMS = int64(int32(binary.LittleEndian.Uint32(b))) * 1000
		}
		return err
	case opFunction2:
		code, err := f.String()
		if err != nil {
			return err
		}
		return f.c.Function(code)
	case opIdle:
		_, err = f.count()
	case opFreq:
		_, err = f.byte()
	case opResize:
		err = f.counts(2)
	case opSlot:
		err = f.counts(3)
	case opAux:
		_, _, err = f.pair()
	case opModuleAux:
		err = f.moduleAux()
	case opFunctionOld:
		err = fmt.Errorf("functions of a release candidate of Redis 7.0 cannot be read")
	default:
		err = f.key(op)
	}
	return err
}

func (f *fileReader) counts(n int) error {
	for range n {
		if _, err := f.count(); err != nil {
			return err
		}
	}
	return nil
}

// key reads a key of the given code of values.
func (f *fileReader) key(code byte) error {
	name, err := f.String()
	if err != nil {
		return err
	}
	f.name = append(f.name[:0], name...)
	at := f.expireMS
	f.expireMS = 0
	if code == codeModule2 {
		return f.module()
	}
	v, err := f.c.Key(f.name, at)
	if err != nil {
		return err
	}
	if err := f.Value(code, v); err != nil {
		return fmt.Errorf("key %q: %w", f.name, err)
	}
	return f.c.KeyDone()
}

// module passes over the value of a module.
func (f *fileReader) module() error {
	id, err := f.count()
	if err != nil {
		return err
	}
	if err := f.moduleParts(); err != nil {
		return err
	}
	return f.c.Skipped(f.name, fmt.Errorf("%w: %s", ErrModule, moduleName(id)))
}

func (f *fileReader) moduleAux() error {
	if err := f.counts(3); err != nil { // whose it is; a number that says when to load it
		return err
	}
	return f.moduleParts()
}

func (f *fileReader) moduleParts() error {
	for {
		part, err := f.count()
		if err != nil {
			return err
		}
		switch part {
		case moduleEnd:
			return nil
		case moduleInt, moduleUint:
			_, err = f.count()
		case moduleFloat:
			_, err = f.next(4)
		case moduleDouble:
			_, err = f.next(8)
		case moduleString:
			_, err = f.String()
		default:
			err = fmt.Errorf("%w: %d is no part of a module's value", ErrCorrupt, part)
		}
		if err != nil {
			return err
		}
	}
}

// moduleName spells the name in a module's number: nine letters of six bits each.
func moduleName(id uint64) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	var name [moduleNameLen]byte
	id >>= 10 // a version
	for i := range name {
		name[moduleNameLen-1-i] = letters[id&(1<<moduleNameBits-1)]
		id >>= moduleNameBits
	}
	return string(name[:])
}

package datatype

import (
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/resp"
)

// GetString reads a string; found is false when the key is absent.
func GetString(t Txn, name []byte) (val []byte, found bool, err error) {
	k, err := LoadType(t, name, layout.TypeString)
	return k.Head.Value, k.Exists, err
}

// SetString makes the key a string. expireMS 0 means that it does not expire.
func SetString(k *Key, val []byte, expireMS int64) {
	k.Reset(layout.TypeString, layout.EncRaw)
	k.Head.Value, k.Head.ExpireMS = val, expireMS
	k.Save()
}

// EditString replaces a string's bytes and keeps its expiry: what APPEND,
// SETRANGE and SETBIT do.
func EditString(k *Key, val []byte) error {
	if int64(len(val)) > k.t.Limits().MaxStringBytes {
		return resp.ErrStringTooLong
	}
	expire := int64(0)
	if k.Exists {
		expire = k.Head.ExpireMS
	}
	k.Reset(layout.TypeString, layout.EncEdited)
	k.Head.Value, k.Head.ExpireMS = val, expire
	k.Save()
	return nil
}

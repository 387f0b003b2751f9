//go:build !linux

package server

import "errors"

func (ev *events) deafen(string) error {
	return errors.New("this system does not allow it while the server runs")
}
